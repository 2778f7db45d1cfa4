import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Problem } from '#contract/problem.ts';

export type Served = {
  /** Where it listens, such as `http://127.0.0.1:8788`. */
  url: string;
  /** Takes no new requests, resolves when those at hand have been answered, or cut off after the grace. */
  close(): Promise<void>;
};

type App = { fetch(request: Request, env: object): Response | Promise<Response> };

/** Longer than clients keep idle connections, so that it is they who close them, never in mid-request. */
const IDLE_MS = 75_000;
const GRACE_MS = 15_000;

/** Starts an app; port 0 takes any that is free. Rejects with a sentence on what to do where it cannot listen. */
export async function serveApp(
  app: App,
  { hostname, port, grace_ms = GRACE_MS }: { hostname: string; port: number; grace_ms?: number },
): Promise<Served> {
  let closing = false;
  const atHand = new Set<ServerResponse>();
  const server = createAdaptorServer({
    fetch: (request, env) => (closing ? refusal(request) : app.fetch(request, env)),
    serverOptions: { keepAliveTimeout: IDLE_MS },
  }) as Server;

  server.prependListener('request', (_request, response: ServerResponse) => {
    atHand.add(response);
    if (closing) response.shouldKeepAlive = false;
    response.once('close', () => {
      atHand.delete(response);
      if (closing) server.closeIdleConnections();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, hostname, port)));
    server.listen(port, hostname, resolve);
  });

  let closed: Promise<void> | undefined;
  return {
    url: urlOf(hostname, (server.address() as AddressInfo).port),
    close() {
      closed ??= new Promise((resolve) => {
        closing = true;
        const cut = setTimeout(() => server.closeAllConnections(), grace_ms);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        for (const response of atHand) response.shouldKeepAlive = false;
      });
      return closed;
    },
  };
}

function refusal(request: Request): Response {
  return new Problem('unavailable', 'This server is stopping; ask again, another will answer', {
    headers: { 'Retry-After': '1' },
  }).toResponse(new URL(request.url).pathname);
}

function urlOf(hostname: string, port: number): string {
  return `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}

function cannotListen(cause: NodeJS.ErrnoException, hostname: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${hostname} is taken: stop what listens there, or choose another port`,
    EACCES: `Port ${port} on ${hostname} may not be opened by this user: choose one above 1023`,
    EADDRNOTAVAIL: `${hostname} is no address of this machine: listen on one that is, such as 127.0.0.1`,
    ENOTFOUND: `${hostname} is no address that is known here: listen on one that is, such as 127.0.0.1`,
  };
  return new Error(
    reasons[cause.code ?? ''] ?? `Cannot listen on ${hostname}, port ${port}: ${cause.message}`,
    { cause },
  );
}
