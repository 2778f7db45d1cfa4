import { createRequire } from 'node:module';

/**
 * Faults of kafkajs 2.2.4, mended where they are, since it is not kept any more. Imported for that alone,
 * before any client is made.
 */
const require = createRequire(import.meta.url);

type RequestQueue = { pending: readonly unknown[]; scheduleCheckPendingRequests(): void };
type Connection = {
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  socket?: { connecting: boolean };
  isConnected(): boolean;
  connect(): Promise<unknown>;
};

/**
 * It looks every millisecond, on every connection, whether a request waits to be sent, even when none does
 * (https://github.com/tulios/kafkajs/issues/1704). A request that comes to wait has the timer set by itself.
 */
const queue: RequestQueue = require('kafkajs/src/network/requestQueue').prototype;
const schedule = queue.scheduleCheckPendingRequests;
queue.scheduleCheckPendingRequests = function (): void {
  if (this.pending.length > 0) schedule.call(this);
};

/**
 * It keeps the half of an answer that had come when a connection broke, and takes what comes on the next one for
 * the other half: from then on no answer is understood. And of several requests at once that find the connection
 * closed, each opens one of its own, of which all but the last are lost.
 */
const connection: Connection = require('kafkajs/src/network/connection').prototype;
const connect = connection.connect;
const connecting = new WeakMap<Connection, Promise<unknown>>();
const SIZE_BYTES = 4;
connection.connect = function (): Promise<unknown> {
  if (this.isConnected()) return Promise.resolve(true);
  const begun = connecting.get(this);
  if (begun && this.socket?.connecting) return begun;
  Object.assign(this, { chunks: [], bytesBuffered: 0, bytesNeeded: SIZE_BYTES });
  const beginning = connect.call(this);
  connecting.set(this, beginning);
  return beginning;
};
