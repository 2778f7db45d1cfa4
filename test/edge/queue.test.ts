import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '#contract/problem.ts';
import { DEAD_LETTERS, deadLetterKey, QUEUED_PATH, type QueuedEvents } from '#contract/queued-events.ts';
import type { Events } from '../../edge/gateway.ts';
import { eventQueue } from '../../edge/queue/accept.ts';
import { deliverQueued } from '../../edge/queue/deliver.ts';
import { callsOf } from '../../edge/queue/messages.ts';
import { setAside } from '../../edge/queue/set-aside.ts';
import type { SignedFetch } from '../../edge/signed-fetch.ts';
import worker from '../../edge/worker.ts';
import { ask, behind, openEdge, problem, resetBehind } from './support/edge.ts';
import { TENANT, token } from './support/tokens.ts';

beforeAll(() => openEdge({ queue: true }));
beforeEach(resetBehind);

const NOW = Date.parse('2026-11-01T10:00:00Z');
const silent = () => {};
const bytesOf = (text: string) => new TextEncoder().encode(text);

const message = (message_id: string, change: Record<string, unknown> = {}) => ({
  message_id,
  type: 'message',
  user_id: 'me',
  text: 'hello',
  occurred_at: new Date(NOW).toISOString(),
  ...change,
});

async function gzipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A queue that holds to the limits of the platform, and what it was given. */
function fakeQueue() {
  const texts: string[] = [];
  const sendBatch = vi.fn(async (batch: Iterable<{ body: unknown; contentType?: string }>) => {
    const bodies = [...batch].map(({ body, contentType }) => {
      expect(contentType).toBe('text');
      return body as string;
    });
    const weights = bodies.map((body) => bytesOf(body).byteLength);
    expect(bodies.length).toBeLessThanOrEqual(100);
    for (const weight of weights) expect(weight).toBeLessThan(128_000);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThan(256_000);
    texts.push(...bodies);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } } as QueueSendBatchResponse;
  });
  return { texts, sendBatch, queued: () => texts.map((text) => JSON.parse(text) as QueuedEvents) };
}

describe('events that the gateway cannot take', () => {
  const caller = { tenant_id: TENANT, subject: 'me', scopes: [] };
  const events = (change: Partial<Events> & { text: string }): Events => ({
    caller,
    traceparent: 't',
    body: new Uint8Array(bytesOf(change.text)),
    type: 'application/json',
    encoding: null,
    ...change,
  });
  const accept = (queue: Pick<Queue, 'sendBatch'>) => eventQueue({ queue, clock: () => NOW, log: silent });
  const json = (...list: unknown[]) => JSON.stringify({ events: list });

  test('are judged one by one, stamped with the moment, and acknowledged once the queue has them', async () => {
    const { sendBatch, queued } = fakeQueue();
    const late = new Date(NOW - 91 * 86_400_000).toISOString();
    const response = await accept({ sendBatch })(
      events({
        text: json(
          message('m-1'),
          message('m-2', { user_id: 'you' }),
          { message_id: 'm-3' },
          message('m-4', { occurred_at: late }),
          message('m-5'),
        ),
      }),
    );
    expect(response.status).toBe(202);
    expect(response.headers.get('Edgewise-Bookmark')).toBeNull();
    const { accepted, rejected } = (await response.json()) as {
      accepted: number;
      rejected: { index: number; code: string }[];
    };
    expect(accepted).toBe(2);
    expect(rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, 'not_yours'],
      [2, 'invalid'],
      [3, 'too_late'],
    ]);
    expect(queued()).toEqual([
      {
        format: 1,
        tenant_id: TENANT,
        accepted_at: '2026-11-01T10:00:00.000Z',
        events: [
          expect.objectContaining({ message_id: 'm-1' }),
          expect.objectContaining({ message_id: 'm-5' }),
        ],
      },
    ]);
  });

  test('are read as NDJSON and from gzip too', async () => {
    const { sendBatch, queued } = fakeQueue();
    const text = `${JSON.stringify(message('a'))}\r\n\n{broken\n${JSON.stringify(message('b'))}`;
    const response = await accept({ sendBatch })(
      events({ text, body: await gzipped(text), type: 'application/x-ndjson', encoding: 'gzip' }),
    );
    expect(await response.json()).toMatchObject({ accepted: 2, rejected: [{ index: 2, code: 'malformed' }] });
    expect(queued()[0]?.events).toHaveLength(2);
  });

  test.each<[string, Partial<Events> & { text: string }, string]>([
    ['no JSON', { text: '{' }, 'bad-request'],
    ['not UTF-8', { text: '', body: new Uint8Array([0xff]) }, 'bad-request'],
    ['not gzip as said', { text: '{}', encoding: 'gzip' }, 'bad-request'],
    ['another list', { text: '{"campaigns":[]}' }, 'invalid-request'],
    ['more than may be', { text: JSON.stringify({ events: Array(501).fill({}) }) }, 'invalid-request'],
    ['nothing', { text: '{"events":[]}' }, 'invalid-request'],
    ['nothing acceptable', { text: json({}) }, 'none-accepted'],
  ])('that are %s are refused, and nothing is queued', async (_, change, kind) => {
    const { sendBatch } = fakeQueue();
    await expect(accept({ sendBatch })(events(change))).rejects.toMatchObject({ kind });
    expect(sendBatch).not.toHaveBeenCalled();
  });

  test('that unpack to more than may be are refused', async () => {
    const { sendBatch } = fakeQueue();
    const body = await gzipped('x'.repeat(21 * 1024 * 1024));
    const bomb = events({ text: '', body, encoding: 'gzip', type: 'application/x-ndjson' });
    await expect(accept({ sendBatch })(bomb)).rejects.toMatchObject({ kind: 'too-large' });
  });

  test('and the queue neither are not acknowledged', async () => {
    const fails = accept({ sendBatch: async () => Promise.reject(new Error('no')) });
    await expect(fails(events({ text: json(message('a')) }))).rejects.toMatchObject({
      kind: 'unavailable',
      headers: { 'Retry-After': '1' },
    });
  });

  test('are split so that each message and each call keeps within the limits, and none is lost', async () => {
    const head = { tenant_id: TENANT, accepted_at: '2026-11-01T10:00:00.000Z' };
    const event = fc.record({ text: fc.string({ unit: 'binary', maxLength: 8192 }), n: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 100, size: 'max' }), async (list) => {
        const { sendBatch, queued } = fakeQueue();
        for (const call of callsOf(head, list)) {
          await sendBatch(call.map((body) => ({ body, contentType: 'text' })));
        }
        expect(queued().flatMap(({ events }) => events)).toEqual(list);
      }),
      { numRuns: 50 },
    );
    expect(callsOf(head, Array(10_000).fill({ n: 1 })).length).toBe(1);
  });
});

describe('what the queue hands on', () => {
  const body = (id: string) =>
    JSON.stringify({
      format: 1,
      tenant_id: TENANT,
      accepted_at: '2026-11-01T10:00:00.000Z',
      events: [message(id)],
    });
  const message_of = (text: unknown, attempts = 1) => ({
    body: text,
    attempts,
    ack: vi.fn(),
    retry: vi.fn(),
  });
  const answering =
    (answer: (path: string, body: string) => Response): SignedFetch =>
    async ({ path, body }, read) =>
      read(answer(path, new TextDecoder().decode(body ?? undefined)));

  test('goes to the gateway with its moment, and is acknowledged one by one', async () => {
    const messages = ['a', 'b', 'c'].map((id) => message_of(body(id)));
    const sent: unknown[] = [];
    await deliverQueued({
      messages,
      log: silent,
      send: answering((path, text) => {
        sent.push([path, JSON.parse(text)]);
        return text.includes('"b"') ? problem(503) : Response.json({}, { status: 202 });
      }),
    });
    expect(sent).toContainEqual([QUEUED_PATH, JSON.parse(body('a'))]);
    expect(messages.map(({ ack }) => ack.mock.calls.length)).toEqual([1, 0, 1]);
    expect(messages.map(({ retry }) => retry.mock.calls.length)).toEqual([0, 1, 0]);
  });

  test('is tried again later and later, to the dead letters in the end, where it cannot be taken', async () => {
    const refuse = answering(() => {
      throw new Problem('unavailable', 'no');
    });
    for (const [attempts, delaySeconds] of [
      [1, 5],
      [2, 10],
      [5, 80],
      [50, 1_800],
    ] as const) {
      const one = message_of(body('a'), attempts);
      await deliverQueued({ messages: [one], send: refuse, log: silent });
      expect(one.retry).toHaveBeenCalledWith({ delaySeconds });
    }
    const garbage = [message_of('<html>'), message_of({}), message_of('{"format":2}')];
    await deliverQueued({
      messages: garbage,
      send: answering(() => expect.fail('It was sent')),
      log: silent,
    });
    for (const { ack, retry } of garbage)
      expect([ack.mock.calls.length, retry.mock.calls.length]).toEqual([0, 1]);
  });
});

describe('what the gateway refused to the last', () => {
  const letter = (id: string, body: unknown) => ({
    id,
    timestamp: new Date(NOW),
    body,
    ack: vi.fn(),
    retry: vi.fn(),
  });

  test('is kept by the Worker before it is acknowledged, once however often it comes', async () => {
    const kept = (env as unknown as { DEAD_LETTERS: KVNamespace }).DEAD_LETTERS;
    for (let time = 0; time < 2; time++) {
      const one = { id: 'a', timestamp: new Date(NOW), attempts: 1, body: '{"letter":1}' };
      const batch = createMessageBatch('edgewise-events-dead', [one]);
      const context = createExecutionContext();
      await worker.queue(batch, env);
      expect(await getQueueResult(batch, context)).toMatchObject({ explicitAcks: ['a'] });
    }
    const { keys } = await kept.list({ prefix: DEAD_LETTERS });
    expect(keys.map(({ name }) => name)).toEqual([deadLetterKey(new Date(NOW), 'a')]);
    expect(keys[0]?.expiration).toBeGreaterThan(Date.now() / 1000 + 24 * 24 * 3600);
    expect(await kept.get(keys[0]?.name ?? '')).toBe('{"letter":1}');
    expect(behind.asked).toEqual([]);
  });

  test('comes again where it cannot be kept, without holding up the others', async () => {
    const put = async (key: string) => {
      if (key.endsWith(':a')) throw new Error('KV is down');
    };
    const messages = [letter('a', '1'), letter('b', '2')];
    await setAside({ messages, kept: { put }, log: silent });
    const [a, b] = messages as [(typeof messages)[0], (typeof messages)[0]];
    expect([a.ack.mock.calls.length, a.retry.mock.calls.length]).toEqual([0, 1]);
    expect([b.ack.mock.calls.length, b.retry.mock.calls.length]).toEqual([1, 0]);
  });
});

describe('the Worker, while the gateway is down', () => {
  const send = async (events: unknown[]) =>
    ask('/v1/events', {
      as: await token('me'),
      method: 'POST',
      body: JSON.stringify({ events }),
      headers: { 'Content-Type': 'application/json' },
    });
  const now = { occurred_at: new Date().toISOString() };

  test('takes events, and hands them over once it is back, as accepted when they were', async () => {
    behind.gateway = () => problem(503);
    const before = new Date().toISOString();
    expect((await send([message('q-1', now)])).status).toBe(202);
    const after = new Date().toISOString();
    behind.gateway = () => Response.json({ accepted: 1, rejected: [] }, { status: 202 });
    const delivered = () => behind.asked.filter(({ url }) => url.pathname === QUEUED_PATH);
    await vi.waitFor(() => expect(delivered()).toHaveLength(1), { timeout: 30_000, interval: 50 });
    const [{ caller, body } = expect.fail()] = delivered();
    expect(caller).toEqual({ tenant_id: TENANT, subject: null, scopes: ['events:write'] });
    const queued = JSON.parse(new TextDecoder().decode(body ?? undefined)) as QueuedEvents;
    expect(queued.events).toEqual([expect.objectContaining({ message_id: 'q-1' })]);
    expect([before, queued.accepted_at, after].sort()[1]).toBe(queued.accepted_at);
  });

  test('passes on what the gateway refuses, and queues none of it', async () => {
    behind.gateway = () => problem(422);
    expect((await send([message('q-2', now)])).status).toBe(422);
    expect(behind.asked).toHaveLength(1);
  });
});
