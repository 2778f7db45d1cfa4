import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Answer, message, NDJSON, openGateway, signedRequest } from './signed-requests.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;
const AT_HAND = 16 * MIB;
const BODY = MIB;
const SENT = 200;
/** A body, its lines as JSON, and the records made of them are held at once for a while. */
const PER_BYTE = 8;

function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A body of about a MiB, of its own. */
function bodyOf(at: number): Uint8Array<ArrayBuffer> {
  const lines: string[] = [];
  for (let bytes = 0; bytes < BODY - 2_000; bytes += 1_000)
    lines.push(JSON.stringify(message({ message_id: `m-${at}-${bytes}`, text: 'x'.repeat(880) })));
  return new Uint8Array(Buffer.from(lines.join('\n')));
}

it('under a log that stands still, what is held stays bounded however much comes: the rest is a 503 at once, and all that waited is acknowledged once the log goes on', async () => {
  const goesOn = Promise.withResolvers<void>();
  let waiting = 0;
  const gateway = openGateway({
    max_bytes_at_hand: AT_HAND,
    through: (log) => ({
      ...log,
      async append(...args) {
        waiting++;
        await goesOn.promise;
        return log.append(...args);
      },
    }),
  });
  const before = heldBytes();
  const refused: Answer[] = [];
  const accepted: Promise<Answer>[] = [];
  const settled: Promise<unknown>[] = [];
  for (let at = 0; at < SENT; at++) {
    const answer = signedRequest('/v1/events', bodyOf(at), { headers: { 'content-type': NDJSON } }).then(
      gateway.fetch,
    );
    accepted.push(answer);
    // What is refused is answered before the next one is sent; what waits holds nobody up.
    const turn = new Promise((resolve) => setImmediate(resolve));
    settled.push(answer.then((one) => one.status === 503 && refused.push(one)));
    await Promise.race([answer, turn]);
  }
  expect(waiting).toBeGreaterThan(2);
  expect(heldBytes() - before).toBeLessThan(PER_BYTE * AT_HAND);
  goesOn.resolve();
  const statuses = (await Promise.all(accepted)).map(({ status }) => status);
  await Promise.all(settled);
  expect(statuses.filter((status) => status === 202)).toHaveLength(waiting);
  expect(refused.length + waiting).toBe(SENT);
  for (const { headers } of refused) expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0);
  expect(await gateway.size()).toBeGreaterThan(0);
});
