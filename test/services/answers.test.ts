import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openRedisAnswers } from '#backing/answers/redis.ts';
import type { Clock } from '#contract/clock.ts';
import { FLOOR_KEY, START_KEY } from '#contract/kept-answer.ts';
import { answersContract, answerUnder } from '../ports/answers.contract.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { onService } from './on-service.ts';

const { signal } = new AbortController();
/** A database of the server that these tests have to themselves. */
const DATABASE = '9';

onService({ name: 'Redis', variable: 'REDIS_URL', up: 'redis' }, (server) => {
  const url = new URL(DATABASE, server.endsWith('/') ? server : `${server}/`).href;

  /** A connection of its own to the same database, emptied where asked. */
  async function bystander(): Promise<Redis> {
    const redis = new Redis(url);
    onTestFinished(async () => {
      await redis.quit();
    });
    return redis;
  }

  async function open({ clock = Date.now, at = url }: { clock?: Clock; at?: string } = {}) {
    await (await bystander()).flushdb();
    const reports: object[] = [];
    const answers = await openRedisAnswers({
      url: at,
      clock,
      command_ms: 2_000,
      report: (line) => reports.push(line),
    });
    onTestFinished(answers.close);
    return { answers, reports };
  }

  answersContract({ name: 'redis', open: async ({ clock }) => (await open({ clock })).answers });

  describe('the answers: redis', () => {
    const owner = { tenant_id: 'acme', user_id: 'ada' };

    test('a lost Redis never turns an epoch back, so that no answer of before holds again', async () => {
      let now = 1_000_000;
      const { answers } = await open({ clock: () => now });
      const before = await answers.read(owner.tenant_id, owner.user_id, signal);
      await answers.raise([owner], signal);
      now += 60_000;
      await (await bystander()).flushdb();
      const after = await answers.read(owner.tenant_id, owner.user_id, signal);
      expect(after.user).toBeGreaterThan(before.user + 1);
      expect(after.tenant).toBeGreaterThan(before.tenant);
    });

    test('epochs and answers leave by themselves', async () => {
      const { answers } = await open();
      const epochs = await answers.read(owner.tenant_id, owner.user_id, signal);
      await answers.raise([owner], signal);
      await answers.put(owner, 'key', answerUnder(epochs, { until_ms: Date.now() + 60_000 }), signal);
      const redis = await bystander();
      const keys = (await redis.keys('*')).filter((key) => ![FLOOR_KEY, START_KEY].includes(key));
      expect(keys).toHaveLength(2);
      for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
    });

    test('two origins see what the other keeps and raises', async () => {
      const { answers: one } = await open();
      const two = await openRedisAnswers({ url, clock: Date.now, report: () => {} });
      onTestFinished(two.close);
      const epochs = await one.read(owner.tenant_id, owner.user_id, signal);
      const answer = answerUnder(epochs, { until_ms: Date.now() + 60_000 });
      await one.put(owner, 'key', answer, signal);
      expect(await two.get(owner, 'key', signal)).toEqual({ epochs, answer });
      await two.raise([owner], signal);
      expect((await one.read(owner.tenant_id, owner.user_id, signal)).user).toBeGreaterThan(epochs.user);
    });

    test('a Redis that hangs, or is cut off, fails with a code and without a secret, and is used again once it is back', async () => {
      const { hostname, port } = new URL(url);
      const proxy = await faultProxy({ host: hostname, port: Number(port) });
      onTestFinished(() => proxy.close());
      const through = new URL(url);
      [through.hostname, through.port] = ['127.0.0.1', String(proxy.port)];
      const { answers } = await open({ at: through.href });
      const read = () => answers.read(owner.tenant_id, owner.user_id, signal);
      await read();

      proxy.blackHole();
      const hung = await read().catch((error) => error);
      expect(hung).toMatchObject({ code: 'answers_unavailable', retryable: true });
      proxy.heal();
      proxy.cut();
      await expect
        .poll(
          () =>
            read().then(
              () => 'answers',
              () => 'fails',
            ),
          { timeout: 20_000 },
        )
        .toBe('answers');
    });

    test('what cannot be reached is refused at the start, with a code', async () => {
      const opening = openRedisAnswers({ url: 'redis://127.0.0.1:1', clock: Date.now, report: () => {} });
      await expect(opening).rejects.toMatchObject({ code: 'answers_unavailable' });
    });
  });
});
