import { Redis, type Result } from 'ioredis';
import { LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import {
  answerKey,
  epochKey,
  FLOOR_KEY,
  packAnswer,
  readEpochs,
  unpackAnswer,
} from '#contract/kept-answer.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';
import { errorFields, type Report } from '../http/report.ts';
import type { Answers, EpochOwner } from './port.ts';

/** Redis could not be asked, or not in time. */
class AnswersUnavailable extends Error {
  readonly code = 'answers_unavailable';
  readonly retryable = true;
}

export type RedisOptions = {
  /** `redis://` or `rediss://` (TLS), with user and password where there are any. */
  url: string;
  clock: Clock;
  report: Report;
  /** How long a command may take. */
  command_ms?: number;
  connect_ms?: number;
};

/**
 * An epoch lives on for so long after it was raised. An answer of before that is long gone by then, so that
 * the floor, which it reads as afterwards, brings none back.
 */
const EPOCH_MS = 4 * LONGEST_MS;

/** KEYS: the floor, epochs. ARGV: now, and how long they live. Raises each to max(previous + 1, now). */
const RAISE = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local floor = redis.call('GET', KEYS[1])
for i = 2, #KEYS do
  local previous = tonumber(redis.call('GET', KEYS[i]) or floor)
  local raised = math.max(previous + 1, tonumber(ARGV[1]))
  redis.call('SET', KEYS[i], string.format('%.0f', raised), 'PX', ARGV[2])
end`;

/**
 * KEYS: the answer, the floor, the person's epoch, the tenant's. ARGV: the answer, its life, now, whether it is the
 * tenant's alone. Keeps a degraded answer unless a good one is kept that has not ended and bears the epochs of now.
 */
const PUT_DEGRADED = `
local kept = redis.call('GET', KEYS[1])
if kept then
  local kind, user, tenant, ends = string.match(kept, '^([gd]) (%d+) (%d+) (%d+)')
  local floor = redis.call('GET', KEYS[2])
  local now_user = ARGV[4] == '1' and '0' or (redis.call('GET', KEYS[3]) or floor)
  local now_tenant = redis.call('GET', KEYS[4]) or floor
  if kind == 'g' and tonumber(ends) > tonumber(ARGV[3]) and user == now_user and tenant == now_tenant then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    raiseEpochs(keys: number, ...args: (string | number)[]): Result<null, Context>;
    putDegraded(keys: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/**
 * Answers and epochs in Redis. A command that fails is not made again: the caller goes on without. Rejects with
 * AnswersUnavailable where Redis cannot be reached.
 */
export async function openRedisAnswers(options: RedisOptions): Promise<Answers & { close(): Promise<void> }> {
  const { url, clock, report, command_ms = 100, connect_ms = 2_000 } = options;
  const redis = new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connect_ms,
    commandTimeout: command_ms,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
    scripts: { raiseEpochs: { lua: RAISE }, putDegraded: { lua: PUT_DEGRADED } },
  });
  redis.on('error', (error) => {
    report({ level: 'warn', message: 'the connection to Redis failed', error: errorFields(error) });
  });

  /** The failure of a command names no key and no value of it. */
  async function run<Value>(signal: AbortSignal, command: () => Promise<Value>): Promise<Value> {
    signal.throwIfAborted();
    try {
      return await command();
    } catch (cause) {
      throw new AnswersUnavailable('Redis could not be asked, or not in time', { cause });
    }
  }

  /** The floor, set where it is missing. */
  async function floorOf(text: string | null): Promise<number> {
    if (text !== null) return Number(text);
    await redis.set(FLOOR_KEY, clock(), 'NX');
    return Number(await redis.get(FLOOR_KEY));
  }

  const keysOf = ({ tenant_id, user_id }: EpochOwner) =>
    [epochKey(tenant_id, user_id), epochKey(tenant_id, null)] as const;

  await run(AbortSignal.timeout(connect_ms), async () => {
    await redis.connect();
    await floorOf(await redis.get(FLOOR_KEY));
  }).catch(({ cause }) => {
    redis.disconnect();
    throw new AnswersUnavailable('Redis cannot be reached, or does not let us in', { cause });
  });

  return {
    read: (tenant_id, user_id, signal) =>
      run(signal, async () => {
        const [user, tenant, floor] = await redis.mget(...keysOf({ tenant_id, user_id }), FLOOR_KEY);
        return readEpochs(user ?? null, tenant ?? null, await floorOf(floor ?? null), user_id === null);
      }),
    async get(owner, key, signal) {
      const stored = await answerKey(key);
      return run(signal, async () => {
        const [user, tenant, floor, text] = await redis.mget(...keysOf(owner), FLOOR_KEY, stored);
        const epochs = readEpochs(
          user ?? null,
          tenant ?? null,
          await floorOf(floor ?? null),
          owner.user_id === null,
        );
        return { epochs, answer: unpackAnswer(text ?? null, ANSWER_FORMAT, clock()) };
      });
    },
    async put(owner, key, answer, signal) {
      const stored = await answerKey(key);
      const left_ms = Math.floor(answer.until_ms - clock());
      if (left_ms <= 0) return;
      await run(signal, async () => {
        const text = packAnswer(answer);
        if (answer.degraded.length === 0) await redis.set(stored, text, 'PX', left_ms);
        else {
          const keys = [stored, FLOOR_KEY, ...keysOf(owner)];
          await redis.putDegraded(
            keys.length,
            ...keys,
            text,
            left_ms,
            clock(),
            owner.user_id === null ? '1' : '0',
          );
        }
      });
    },
    raise: (owners, signal) =>
      run(signal, async () => {
        const keys = [FLOOR_KEY, ...owners.map(({ tenant_id, user_id }) => epochKey(tenant_id, user_id))];
        if (owners.length) await redis.raiseEpochs(keys.length, ...keys, clock(), EPOCH_MS);
      }),
    async close() {
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
