import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { openLog } from '#backing/log/embedded.ts';
import type { Log, LogRecord } from '#backing/log/port.ts';
import type { Traces } from '#backing/telemetry/traces.ts';
import type { Caller } from '#contract/caller.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { topics } from '#contract/topics.ts';
import { gatewayApp } from '../../ingest/gateway/gateway-app.ts';

export const NOW_MS = Date.parse('2026-11-01T10:00:00.000Z');
export const NDJSON = 'application/x-ndjson';

export const server: Caller = {
  tenant_id: 'acme',
  subject: null,
  scopes: ['events:write', 'campaigns:write'],
};
export const ann: Caller = { tenant_id: 'acme', subject: 'ann', scopes: ['events:write'] };

export const keys = await importKeys([{ id: 'edge-1', secret: Buffer.alloc(32, 7).toString('base64url') }]);
export const foreignKeys = await importKeys([
  { id: 'edge-1', secret: Buffer.alloc(32, 8).toString('base64url') },
]);

export type Sending = {
  method?: string;
  caller?: Caller;
  key?: Key;
  /** When it is signed. */
  at_ms?: number;
  deadline_ms?: number;
  headers?: Record<string, string>;
  gzip?: boolean;
};

type Body = string | Uint8Array<ArrayBuffer> | object | null;

/** The bytes of a body: text and bytes as they are, anything else as JSON. */
export function bytesOf(body: Body): Uint8Array<ArrayBuffer> | null {
  if (body === null) return null;
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A request to the gateway, as the edge signs it. */
export async function signedRequest(path: string, body: Body, sending: Sending = {}): Promise<Request> {
  const {
    method = 'POST',
    caller = server,
    key = keys[0] as Key,
    at_ms = NOW_MS,
    deadline_ms = 60_000,
  } = sending;
  const url = new URL(path, 'http://gateway.test');
  const plain = bytesOf(body);
  const bytes = plain && sending.gzip ? new Uint8Array(gzipSync(plain)) : plain;
  const headers = await sign({ method, url, caller, deadline_ms, body: bytes }, key, at_ms);
  headers.set('content-type', 'application/json');
  if (sending.gzip) headers.set('content-encoding', 'gzip');
  for (const [name, value] of Object.entries(sending.headers ?? {})) headers.set(name, value);
  return new Request(url, { method, headers, body: bytes });
}

/** What the gateway answered. */
export type Answer = {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  body: any;
};

/** A gateway on an embedded log of its own, gone when the test has finished. `through` wraps the log. */
export function openGateway({
  through = (log) => log,
  max_bytes_at_hand,
  traces,
}: {
  through?: (log: Log) => Log;
  max_bytes_at_hand?: number;
  traces?: Traces;
} = {}) {
  const log = openLog({ file: ':memory:', clock: () => NOW_MS });
  onTestFinished(() => log.close());
  const reports: Readonly<Record<string, unknown>>[] = [];
  const app = gatewayApp({
    log: through(log),
    keys,
    clock: () => NOW_MS,
    report: (line) => reports.push(line),
    traces,
    ...(max_bytes_at_hand !== undefined && { max_bytes_at_hand }),
  });
  const fetch = async (request: Request): Promise<Answer> => {
    const response = await app.request(request);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    app,
    log,
    reports,
    fetch,
    send: async (path: string, body: Body, sending?: Sending) =>
      fetch(await signedRequest(path, body, sending)),
    written: (topic: string) => allRecords(log, topic),
    /** How many records stand on the log, in whichever topic. */
    async size() {
      const ends = await Promise.all(
        Object.values(topics).map((topic) => log.ends(topic, new AbortController().signal)),
      );
      return ends.flat().reduce((sum, end) => sum + end, 0);
    },
  };
}

/** All of a topic, partition by partition. */
export async function allRecords(log: Log, topic: string): Promise<LogRecord[]> {
  const { signal } = new AbortController();
  const ends = await log.ends(topic, signal);
  const parts = await Promise.all(
    ends.map((end, partition) => (end ? log.read({ topic, partition, offset: 0 }, end, signal) : [])),
  );
  return parts.flat();
}

export const message = (fields: object = {}) => ({
  message_id: 'm-1',
  type: 'message',
  user_id: 'ann',
  text: 'my wifi drops after suspend',
  occurred_at: '2026-11-01T09:59:00Z',
  ...fields,
});

export const click = (fields: object = {}) => ({
  message_id: 'm-2',
  type: 'click',
  user_id: 'ann',
  campaign_id: 'wifi',
  occurred_at: '2026-11-01T09:59:30Z',
  ...fields,
});

export const campaign = (fields: object = {}) => ({
  campaign_id: 'wifi',
  title: 'Wireless',
  text: 'Get it to work',
  ...fields,
});
