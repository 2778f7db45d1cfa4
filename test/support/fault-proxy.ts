import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type FaultProxy = {
  /** Where it listens, on 127.0.0.1. */
  port: number;
  /** Every byte from now on waits so long. */
  delay(ms: number): void;
  /** Connections stay open, and nothing comes through; bytes that come meanwhile are lost with their connection. */
  blackHole(): void;
  /** Breaks every connection there is with a reset; new ones are let through. */
  cut(): void;
  /** Refuses new connections, and breaks those that there are. */
  refuse(): void;
  /** Whatever is asked is answered with bytes that mean nothing, and never handed on. */
  garbage(): void;
  /** Lets everything through again, what was delayed first; what was black-holed or answered with garbage is broken. */
  heal(): void;
  close(): Promise<void>;
};

const GARBAGE_BYTES = 256;

/** A TCP proxy in front of a real service, that makes the faults a network makes. */
export async function faultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  let mode: 'through' | 'black-hole' | 'refuse' | 'garbage' = 'through';
  let delay_ms = 0;
  const sockets = new Set<Socket>();
  /** What is delayed, in the order in which it came. */
  let waiting: { timer: NodeJS.Timeout; to: Socket; bytes: Buffer }[] = [];

  function keep(socket: Socket): void {
    sockets.add(socket);
    // Else small writes wait for each other's acknowledgement: 40 ms that no fault made.
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  function later(to: Socket, bytes: Buffer): void {
    const one = {
      to,
      bytes,
      timer: setTimeout(() => {
        waiting = waiting.filter((other) => other !== one);
        if (!to.destroyed) to.write(bytes);
      }, delay_ms),
    };
    waiting.push(one);
  }

  function pipe(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (mode === 'garbage') return void (from.destroyed || from.write(randomBytes(GARBAGE_BYTES)));
      if (mode !== 'through') return;
      if (delay_ms === 0) to.write(bytes);
      else later(to, bytes);
    });
    from.on('close', () => to.destroy());
  }

  const server = createServer((inside) => {
    keep(inside);
    if (mode === 'refuse') return void inside.resetAndDestroy();
    const outside = connect(target.port, target.host);
    keep(outside);
    pipe(inside, outside);
    pipe(outside, inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => {
      delay_ms = ms;
    },
    blackHole: () => {
      mode = 'black-hole';
    },
    cut,
    refuse: () => {
      mode = 'refuse';
      cut();
    },
    garbage: () => {
      mode = 'garbage';
    },
    heal: () => {
      if (mode === 'black-hole' || mode === 'garbage') cut();
      mode = 'through';
      delay_ms = 0;
      const late = waiting;
      waiting = [];
      for (const { timer, to, bytes } of late) {
        clearTimeout(timer);
        if (!to.destroyed) to.write(bytes);
      }
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
