import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

type Channel = { write(buffer: unknown): void; _conn: Socket; _pending: unknown[] | null };

/** The driver's own module of connections, from where the driver finds it. */
function channels(): Channel {
  const require = createRequire(import.meta.url);
  const driver = createRequire(require.resolve('neo4j-driver'));
  return driver('neo4j-driver-bolt-connection/lib/channel/node/node-channel').default.prototype;
}

let done = false;

/**
 * The driver cuts what it sends into pieces of 1,400 bytes, and gives each to the system by itself: a statement of four
 * thousand bytes takes four calls, which are half of what a question costs. From here on what it sends at a time goes in one.
 */
export function writeWhole(): void {
  if (done) return;
  done = true;
  const channel = channels();
  const { write } = channel;
  channel.write = function (buffer) {
    const { _conn: socket, _pending: waiting } = this;
    // What waits for the connection comes here again once it is made.
    if (waiting === null && socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    write.call(this, buffer);
  };
}
