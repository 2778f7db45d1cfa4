import { hash } from 'node:crypto';
import { Redis, type Result } from 'ioredis';
import { LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import {
  epochKey,
  FLOOR_KEY,
  hashedAnswerKey,
  packAnswer,
  readEpochs,
  START_KEY,
  unpackAnswer,
} from '#contract/kept-answer.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';
import { errorFields, type Report } from '../http/report.ts';
import type { Answers, EpochOwner } from './port.ts';
import { redisAddress, whyNot } from './redis-address.ts';

/** Redis could not be asked, or not in time. */
class AnswersUnavailable extends Error {
  readonly code = 'answers_unavailable';
  readonly retryable = true;
}

export type RedisOptions = {
  /** `redis://` or `rediss://` (TLS), with user and password where there are any. */
  url: string;
  /** Stands before that of the address. */
  password?: string | undefined;
  /** The authority of the server's certificate, in PEM, where the machine does not know it. */
  ca?: string | undefined;
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

/**
 * KEYS: the floor, and which start of the server it was set for. ARGV: now. A server that was started since may have
 * come back with epochs of a while ago, so the floor is raised past all of them.
 */
const SET_FLOOR = `
local info = redis.pcall('INFO', 'server')
local start = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or 'unknown'
local floor = tonumber(redis.call('GET', KEYS[1]) or 0)
if floor == 0 or redis.call('GET', KEYS[2]) ~= start then
  redis.call('SET', KEYS[1], string.format('%.0f', math.max(floor + 1, tonumber(ARGV[1]))))
  redis.call('SET', KEYS[2], start)
end`;

/** KEYS: the floor, epochs. ARGV: now, and how long they live. Raises each to max(previous + 1, now). */
const RAISE = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local floor = tonumber(redis.call('GET', KEYS[1]))
for i = 2, #KEYS do
  local previous = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), floor)
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
  local floor = tonumber(redis.call('GET', KEYS[2]) or 0)
  local function epoch(key) return math.max(tonumber(redis.call('GET', key) or 0), floor) end
  local now_user = ARGV[4] == '1' and 0 or epoch(KEYS[3])
  local same = tonumber(user) == now_user and tonumber(tenant) == epoch(KEYS[4])
  if kind == 'g' and tonumber(ends) > tonumber(ARGV[3]) and same then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** As the contract's, which has to wait for WebCrypto: that costs more than all the rest of a question. */
const answerKey = (key: string) => hashedAnswerKey(hash('sha256', key, 'base64url'));

declare module 'ioredis' {
  interface RedisCommander<Context> {
    raiseEpochs(keys: number, ...args: (string | number)[]): Result<null, Context>;
    putDegraded(keys: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/**
 * Answers and epochs in Redis. A command that fails is not made again: the caller goes on without. An abort is heard
 * before a command; one that is under way ends within `command_ms`. Rejects with AnswersUnavailable where Redis cannot
 * be reached.
 */
export async function openRedisAnswers(options: RedisOptions): Promise<Answers & { close(): Promise<void> }> {
  const { clock, report, command_ms = 100, connect_ms = 2_000 } = options;
  const { url, server, tls } = redisAddress(options);
  const redis = new Redis(url, {
    ...tls,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connect_ms,
    commandTimeout: command_ms,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
    scripts: { raiseEpochs: { lua: RAISE }, putDegraded: { lua: PUT_DEGRADED } },
  });
  let lost: unknown;
  const failed = (error: Error) => {
    lost = error;
    report({ level: 'warn', message: 'the connection to Redis failed', error: errorFields(error) });
  };
  redis.on('error', failed);
  /** Comes before whatever else is asked of a new connection: a script by its text, since a new server knows none. */
  const setFloor = () => redis.eval(SET_FLOOR, 2, FLOOR_KEY, START_KEY, clock());
  redis.on('ready', () => {
    setFloor().catch((error) => {
      failed(error);
      redis.disconnect(true);
    });
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

  /** The floor, set where it is missing: a server that was emptied keeps its connections. */
  async function floorOf(text: string | null): Promise<number> {
    if (text !== null) return Number(text);
    await redis.set(FLOOR_KEY, clock(), 'NX');
    return Number(await redis.get(FLOOR_KEY));
  }

  const keysOf = ({ tenant_id, user_id }: EpochOwner) =>
    [epochKey(tenant_id, user_id), epochKey(tenant_id, null)] as const;

  await run(AbortSignal.timeout(connect_ms), async () => {
    await redis.connect();
    await setFloor();
  }).catch(({ cause }) => {
    redis.disconnect();
    // What `connect` rejects with is only that the connection was closed.
    throw new AnswersUnavailable(`Redis at ${server} ${whyNot(lost ?? cause)}`, { cause: lost ?? cause });
  });

  return {
    read: (tenant_id, user_id, signal) =>
      run(signal, async () => {
        const [user, tenant, floor] = await redis.mget(...keysOf({ tenant_id, user_id }), FLOOR_KEY);
        return readEpochs(user ?? null, tenant ?? null, await floorOf(floor ?? null), user_id === null);
      }),
    async get(owner, key, signal) {
      const stored = answerKey(key);
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
      const stored = answerKey(key);
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
