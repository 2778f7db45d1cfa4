import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Gate = {
  url: string;
  /** The paths that were asked for, as they came. */
  asked: string[];
  /** Lets nothing through until it is opened: who asks meanwhile waits. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
};

/** A door before an HTTP server, that hands on requests as they are, signatures and all, and keeps count of them. */
export async function gateBefore(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const asked: string[] = [];
  let opened = Promise.resolve();
  let open = () => {};

  const server = createServer(async (incoming, outgoing) => {
    asked.push(incoming.url ?? '');
    await opened;
    const { method, url: path, headers } = incoming;
    const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    shut() {
      ({ promise: opened, resolve: open } = Promise.withResolvers<void>());
    },
    open: () => open(),
    async close() {
      open();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      agent.destroy();
    },
  };
}
