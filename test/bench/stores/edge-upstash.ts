import { randomUUID } from 'node:crypto';
import { Redis } from '@upstash/redis/cloudflare';
import { epochKey, FLOOR_KEY } from '#contract/kept-answer.ts';
import { redisTier } from '../../../edge/cache/redis.ts';
import { type Subject, sharedKey } from '../../../edge/cache/subject.ts';
import { answer, LIFE_MS } from '../support/answer.ts';
import { Meter } from '../support/meter.ts';
import { calling, type StoreBench, type Turn, variable } from '../support/store-bench.ts';

type Place = { tenant_id: string };

/** People whose answers there are. */
const PEOPLE = 200;
const DEADLINE_MS = 5_000;
const userAt = (at: number) => `user-${at % PEOPLE}`;
const address = () => ({
  url: variable('UPSTASH_REDIS_REST_URL'),
  token: variable('UPSTASH_REDIS_REST_TOKEN'),
});
const open = () => redisTier({ ...address(), deadline_ms: DEADLINE_MS, clock: Date.now });
const subjectOf = (tenant_id: string, user_id: string) => ({
  tenant_id,
  user_id,
  key: `["${tenant_id}","${user_id}",{"placement":"discover","limit":10,"tags":[],"exclude":[]}]`,
});
/** The client with the edge's settings and deadline, since some of them cost much and others nothing. */
const bare = () =>
  new Redis({
    ...address(),
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(DEADLINE_MS),
    enableTelemetry: false,
    enableAutoPipelining: false,
    readYourWrites: false,
    automaticDeserialization: false,
    responseEncoding: false,
  });

/** What stands before at the edge is done before it is measured. */
function after(before: (at: number) => Promise<unknown>, call: (at: number) => Promise<unknown>) {
  const [first, then] = [calling(before), calling(call)];
  return async (turn: Turn): Promise<void> => {
    await first({ ...turn, meter: new Meter() });
    turn.meter.begin();
    await then(turn);
  };
}

/** The tier runs in workerd; here it runs in Node, on the same code of ours and of the client. */
export const store: StoreBench<Place> = {
  name: "the edge's tier on Redis over REST",
  needs: ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'].map((variable) => ({
    variable,
    up: 'upstash',
  })),
  operations: [
    {
      name: 'get',
      holds: '1 answer of 1.3 kB and its epochs, the key digested before',
      items: 1,
      clients: 8,
    },
    { name: 'restore', holds: '1 answer of 1.3 kB, asked for just before', items: 1, clients: 8 },
  ],

  async prepare() {
    // What is written here leaves by itself, as all answers and epochs do.
    const tenant_id = `bench-${randomUUID()}`;
    const [tier, redis] = [open(), bare()];
    for (let at = 0; at < PEOPLE; at++) {
      await tier.restore(subjectOf(tenant_id, userAt(at)), answer());
      await redis.set(`raw:${tenant_id}:${userAt(at)}`, JSON.stringify(answer()), { px: LIFE_MS });
    }
    return { place: { tenant_id }, remove: async () => {} };
  },

  async adapter({ tenant_id }) {
    const tier = open();
    const asked = new Map<number, Subject>();
    const take = (at: number): Subject => {
      const subject = asked.get(at) as Subject;
      asked.delete(at);
      return subject;
    };
    return {
      work: {
        // The data centre's cache was asked first, under the digest of the same key.
        get: after(
          async (at) => {
            const subject = subjectOf(tenant_id, userAt(at));
            await sharedKey(subject);
            asked.set(at, subject);
          },
          async (at) => {
            const { answer } = await tier.get(take(at));
            if (!answer) throw new Error('The answer was not there');
          },
        ),
        // It was asked for, and not there, before it is given back.
        restore: after(
          async (at) => {
            const subject = subjectOf(tenant_id, `new-${at}`);
            const { answer } = await tier.get(subject);
            if (answer) throw new Error('The answer was there already');
            asked.set(at, subject);
          },
          (at) => tier.restore(take(at), answer()),
        ),
      },
      close: async () => {},
    };
  },

  async raw({ tenant_id }) {
    const redis = bare();
    const epochs = (user: string) => [epochKey(tenant_id, user), epochKey(tenant_id, null), FLOOR_KEY];
    return {
      work: {
        get: calling(async (at) => {
          const user = userAt(at);
          const texts = await redis.mget<string[]>([...epochs(user), `raw:${tenant_id}:${user}`]);
          return JSON.parse(texts[3] as string);
        }),
        restore: after(
          (at) => redis.mget([...epochs(`new-${at}`), `raw:${tenant_id}:new-${at}`]),
          (at) =>
            redis.set(`raw:${tenant_id}:new-${at}`, JSON.stringify(answer()), { nx: true, px: LIFE_MS }),
        ),
      },
      close: async () => {},
    };
  },
};
