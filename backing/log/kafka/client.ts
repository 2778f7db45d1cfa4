import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ISocketFactoryArgs, Kafka } from 'kafkajs';
import './mended-kafkajs.ts';
import { logCreator, logLevel } from './reporting.ts';
import type { Settings } from './settings.ts';

/** How kafkajs tries again by itself, for about 7 s: long enough for a broker to start again. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 10 };
const CONNECT_MS = 5_000;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

export type Client = {
  kafka: Kafka;
  /** Cuts all its connections and lets it make no more. What is still going on in kafkajs fails, and soon ends. */
  kill(): void;
};

/**
 * A kafkajs of its own for one producer, consumer or asker. kafkajs neither stops trying when told to, nor gets
 * over every error: so whatever is in doubt is killed and made anew, and shares nothing with the rest. (Two
 * consumers of one `Kafka` and one group would even share what they think is committed.)
 */
export function openClient(settings: Settings): Client {
  const { brokers, client_id, sasl, tls, report, route } = settings;
  const sockets = new Set<Socket>();
  let killed = false;

  function open({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
    if (killed) throw new Error('The client was closed');
    const address = route({ host, port });
    const named = isIP(host) ? {} : { servername: host };
    const socket = ssl
      ? connectTls({ ...address, ...named, ...ssl }, onConnect)
      : connect(address, onConnect);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  }

  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: client_id,
    ...(sasl ? { sasl } : {}),
    ...(tls ? { ssl: tls } : {}),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: RETRY,
    socketFactory: open,
    logLevel,
    logCreator: logCreator((line) => {
      // What it says of its end is of no use.
      if (!killed) report(line);
    }),
  });

  function kill(): void {
    killed = true;
    // kafkajs hears of an error, but not of a mere close.
    for (const socket of sockets) socket.destroy(new Error('The client was closed'));
  }

  return { kafka, kill };
}
