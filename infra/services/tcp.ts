import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Mendable } from '../local/terminal/mendable.ts';
import { type Ports, portVariable } from './ports.ts';

/** All services listen here, and nowhere else. */
export const HOST = '127.0.0.1';

/** Throws Mendable where one of the ports is taken: otherwise somebody else's server would answer for ours. */
export async function refuseTaken(name: string, ports: Ports): Promise<void> {
  for (const [port, number] of Object.entries(ports)) {
    const server = createServer();
    try {
      await once(server.listen(number, HOST), 'listening');
    } catch (cause) {
      throw new Mendable(
        `Port ${number}, which ${name} needs, cannot be had (${(cause as { code: string }).code}): stop what ` +
          `listens there, or choose another with ${portVariable(name, port)}`,
        { cause },
      );
    } finally {
      server.close();
    }
  }
}

/** Sends bytes to a server of this machine and gives the first that it answers. */
export async function ask(port: number, bytes: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host: HOST, port });
  try {
    socket.write(bytes);
    const [answer] = await Promise.race([
      once(socket, 'data', { signal }),
      once(socket, 'close', { signal }).then(() => {
        throw new Error(`Port ${port} closed without an answer`);
      }),
    ]);
    return answer;
  } finally {
    socket.on('error', () => {}).destroy();
  }
}
