import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { openRedisAnswers } from '#backing/answers/redis.ts';
import { epochKey, FLOOR_KEY } from '#contract/kept-answer.ts';
import { answer, LIFE_MS } from '../support/answer.ts';
import { calling, type StoreBench, variable } from '../support/store-bench.ts';

type Place = { tenant_id: string };

const { signal } = new AbortController();
const [PEOPLE, RAISED] = [1000, 500];
const url = () => variable('REDIS_URL');
const userAt = (at: number) => `user-${at % PEOPLE}`;
const keyOf = (user: string) =>
  `["bench","${user}",{"placement":"discover","limit":10,"tags":[],"exclude":[]}]`;

const open = () =>
  openRedisAnswers({ url: url(), clock: Date.now, command_ms: 5_000, report: (line) => console.error(line) });

export const store: StoreBench<Place> = {
  name: 'answers and epochs on Redis',
  needs: [{ variable: 'REDIS_URL', up: 'redis' }],
  operations: [
    { name: 'put', holds: '1 answer of 1.3 kB', items: 1, clients: 16 },
    { name: 'get', holds: '1 answer of 1.3 kB and its epochs', items: 1, clients: 16 },
    { name: 'read', holds: 'the epochs of 1 person', items: 1, clients: 16 },
    { name: 'raise', holds: `${RAISED} epochs`, items: RAISED, clients: 1 },
  ],

  async prepare() {
    // What is written here leaves by itself, as all answers and epochs do.
    return { place: { tenant_id: `bench-${randomUUID()}` }, remove: async () => {} };
  },

  async adapter({ tenant_id }) {
    const answers = await open();
    const owner = (at: number) => ({ tenant_id, user_id: userAt(at) });
    const raised = Array.from({ length: RAISED }, (_, at) => owner(at));
    return {
      work: {
        put: calling((at) => answers.put(owner(at), tenant_id + keyOf(userAt(at)), answer(), signal)),
        get: calling((at) => answers.get(owner(at), tenant_id + keyOf(userAt(at)), signal)),
        read: calling((at) => answers.read(tenant_id, userAt(at), signal)),
        raise: calling(() => answers.raise(raised, signal)),
      },
      close: () => answers.close(),
    };
  },

  async raw({ tenant_id }) {
    const redis = new Redis(url(), { protocol: 2, commandTimeout: 5_000 });
    const answerKey = (at: number) => `raw:${tenant_id}:${keyOf(userAt(at))}`;
    const epochs = (at: number) => [epochKey(tenant_id, userAt(at)), epochKey(tenant_id, null), FLOOR_KEY];
    const raised = () => Array.from({ length: RAISED }, (_, at) => epochKey(`raw-${tenant_id}`, userAt(at)));
    redis.defineCommand('raiseAll', {
      lua: `for _, key in ipairs(KEYS) do
        local raised = math.max(tonumber(redis.call('GET', key) or '0') + 1, tonumber(ARGV[1]))
        redis.call('SET', key, string.format('%.0f', raised), 'PX', ARGV[2])
      end`,
    });
    const { raiseAll } = redis as unknown as Record<
      'raiseAll',
      (...args: (string | number)[]) => Promise<null>
    >;
    return {
      work: {
        put: calling((at) => redis.set(answerKey(at), JSON.stringify(answer()), 'PX', LIFE_MS)),
        get: calling(async (at) => {
          const texts = await redis.mget(...epochs(at), answerKey(at));
          return JSON.parse(texts[3] as string);
        }),
        read: calling(async (at) => (await redis.mget(...epochs(at))).map(Number)),
        raise: calling(() => raiseAll.call(redis, RAISED, ...raised(), Date.now(), LIFE_MS)),
      },
      close: async () => void (await redis.quit()),
    };
  },
};
