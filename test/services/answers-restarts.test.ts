import { expect, onTestFinished, test, vi } from 'vitest';
import type { EpochOwner } from '#backing/answers/port.ts';
import { openRedisAnswers } from '#backing/answers/redis.ts';
import type { Epochs } from '#contract/epoch.ts';
import { redis } from '../../infra/services/redis.ts';
import { answerUnder } from '../ports/answers.contract.ts';
import { type OwnService, ownService } from './own-service.ts';

const { signal } = new AbortController();
const SOON = { timeout: 60_000, interval: 5 };
const LATER_MS = 60_000;

async function open(server: OwnService) {
  const url = server.env['REDIS_URL'] as string;
  const answers = await openRedisAnswers({ url, clock: Date.now, command_ms: 2_000, report: () => {} });
  onTestFinished(answers.close);
  return answers;
}

test('a Redis killed again and again under load: what fails has a code, no epoch anybody saw turns back, and no answer is lost that was kept', async ({
  skip,
}) => {
  const server = await ownService(redis, skip);
  const writers = await Promise.all([1, 2, 3].map(() => open(server)));
  const failures: unknown[] = [];
  const seen = new Map<string, number>();
  let [over, raised, kept] = [false, 0, 0];
  const working = writers.map(async (answers, which) => {
    for (let at = 0; !over; at++) {
      const owner: EpochOwner = { tenant_id: 'acme', user_id: `u-${at % 5}` };
      const key = `${which} ${at}`;
      const known = seen.get(owner.user_id as string) ?? 0;
      try {
        await answers.raise([owner], signal);
        raised++;
        const epochs = await answers.read(owner.tenant_id, owner.user_id, signal);
        expect(epochs.user).toBeGreaterThan(known);
        seen.set(owner.user_id as string, Math.max(epochs.user, seen.get(owner.user_id as string) ?? 0));
        const answer = answerUnder(epochs, { until_ms: Date.now() + LATER_MS });
        await answers.put(owner, key, answer, signal);
        expect((await answers.get(owner, key, signal)).answer).toEqual(answer);
        kept++;
      } catch (error) {
        if ((error as { code?: string }).code !== 'answers_unavailable') throw error;
        failures.push(error);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
  const all = Promise.all(working);
  for (let time = 1; time <= 3; time++) {
    const [before, failed] = [kept, failures.length];
    await Promise.race([vi.waitFor(() => expect(kept).toBeGreaterThan(before + 100), SOON), all]);
    await server.end();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(failed), SOON);
    await server.start();
  }
  const before = kept;
  await Promise.race([vi.waitFor(() => expect(kept).toBeGreaterThan(before + 100), SOON), all]);
  over = true;
  await all;
  for (const error of failures) expect(error).toMatchObject({ code: 'answers_unavailable', retryable: true });
  expect(raised).toBeGreaterThan(400);
});

test('a Redis that comes back as it was a while ago brings back no epoch, and no answer under it', async ({
  skip,
}) => {
  const server = await ownService(redis, skip);
  const answers = await open(server);
  const owner: EpochOwner = { tenant_id: 'acme', user_id: 'ada' };
  const ofTenant: EpochOwner = { tenant_id: 'acme', user_id: null };
  const read = () => answers.read(owner.tenant_id, owner.user_id, signal);

  await answers.raise([owner, ofTenant], signal);
  const early = await read();
  await answers.put(owner, 'key', answerUnder(early, { until_ms: Date.now() + LATER_MS }), signal);
  const bringBack = await server.copyData();
  await answers.raise([owner, ofTenant], signal);
  const late = await read();

  await server.end();
  await bringBack();
  await server.start();
  const back: Epochs = await vi.waitFor(read, SOON);
  expect(back.user).toBeGreaterThan(late.user);
  expect(back.tenant).toBeGreaterThan(late.tenant);
  const { epochs, answer } = await answers.get(owner, 'key', signal);
  expect(epochs).toEqual(back);
  // It is there, and known to be of before.
  expect(answer?.epochs).toEqual(early);
  await answers.raise([owner], signal);
  expect((await read()).user).toBeGreaterThan(back.user);
});
