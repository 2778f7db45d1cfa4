import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEvent } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { eventArbOf, instantArb } from '../support/arbitraries.ts';
import { NDJSON, openGateway } from './signed-requests.ts';

const routes = fc.constantFrom(
  ['POST', '/v1/events'],
  ['POST', '/v1/campaigns'],
  ['POST', '/internal/imports'],
  ['POST', '/internal/queued'],
  ['PUT', '/v1/campaigns/wifi'],
);

/** Bytes, JSON, lines of JSON, cut and with bytes put in: all but events and campaigns, which nobody makes by chance. */
const bodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.array(fc.json(), { maxLength: 5 }).map((values) => Buffer.from(values.join('\n'))),
  fc.array(fc.json(), { maxLength: 5 }).map((values) => Buffer.from(`{"events":[${values}]}`)),
  fc.array(fc.json(), { maxLength: 5 }).map((values) => Buffer.from(`{"campaigns":[${values}]}`)),
);
const mangled = fc
  .tuple(bodies, fc.boolean(), fc.nat(), fc.uint8Array({ maxLength: 4 }))
  .map(([body, gzip, at, put]) => {
    const bytes = Buffer.from(gzip ? gzipSync(body) : body);
    const cut = at % (bytes.length + 1);
    return new Uint8Array(Buffer.concat([bytes.subarray(0, cut), put, bytes.subarray(cut + put.length)]));
  });

it('whatever bytes come as a body, the answer is a problem the sender can mend, and nothing is written', async () => {
  const { send, size, reports } = openGateway();
  await fc.assert(
    fc.asyncProperty(
      routes,
      fc.oneof(
        mangled,
        bodies.map((body) => new Uint8Array(body)),
      ),
      fc.constantFrom('application/json', NDJSON, `${NDJSON};charset=utf-8`, 'text/plain', ''),
      fc.constantFrom('', 'identity', 'gzip', 'GZIP', 'br', 'gzip, gzip'),
      async ([method, path], body, type, encoding) => {
        const headers = { 'content-type': type, 'content-encoding': encoding };
        const answer = await send(path as string, body, { method: method as string, headers });
        expect([400, 413, 415, 422]).toContain(answer.status);
        expect(answer.body.detail).not.toBe('');
      },
    ),
    { numRuns: 2000 },
  );
  expect(await size()).toBe(0);
  expect(reports).toEqual([]);
});

it('whatever event an app may send, the log has it as the contract knows it', async () => {
  const lived = instantArb('2026-08-04T00:00:00.000Z', '2026-11-01T10:05:00.000Z');
  await fc.assert(
    fc.asyncProperty(
      fc.array(eventArbOf({ occurred_at: lived }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      async (events, asLines) => {
        const { send, written } = openGateway();
        const { status, body } = asLines
          ? await send('/v1/events', events.map((event) => JSON.stringify(event)).join('\n'), {
              headers: { 'content-type': NDJSON },
            })
          : await send('/v1/events', { events });
        expect([status, body]).toEqual([202, { accepted: events.length, rejected: [] }]);
        const known = (await written(topics.events)).map(({ value }) =>
          JSON.stringify(readEvent(value).event),
        );
        expect(known.sort()).toEqual(events.map((event) => JSON.stringify(event)).sort());
      },
    ),
    { numRuns: 200 },
  );
});
