import { adminClient } from './admin.ts';
import { createApp } from './app.ts';
import { type Bindings, readBindings } from './bindings.ts';
import { breaker } from './breaker.ts';
import { answerCache } from './cache/answers.ts';
import { coloCache } from './cache/colo.ts';
import { originEpochs } from './cache/epochs.ts';
import { answerMemory } from './cache/memory.ts';
import { guardedRedis, redisTier } from './cache/redis.ts';
import { refusalMemory } from './cache/refusals.ts';
import { type Config, readConfig } from './config.ts';
import { crossOrigin } from './cors.ts';
import { campaignClient, gatewayClient, guardedGateway } from './gateway.ts';
import { adminHandlers } from './handlers/admin.ts';
import { cachedAnswers } from './handlers/cached.ts';
import { campaignWrites } from './handlers/campaign-writes.ts';
import { campaign, popular, similar } from './handlers/campaigns.ts';
import { docs, openapi } from './handlers/docs.ts';
import { events } from './handlers/events.ts';
import { health } from './handlers/health.ts';
import { personHandlers } from './handlers/people.ts';
import { recommendations, recommendationsNow } from './handlers/recommendations.ts';
import { tenantList } from './handlers/tenants.ts';
import { uncachedAnswers } from './handlers/uncached.ts';
import { identifier } from './identity/identify.ts';
import { copiedKeys, originKeys } from './identity/key-lookup.ts';
import { keySets } from './identity/key-sets.ts';
import { keyVerifier } from './identity/verify-key.ts';
import { tokenVerifier } from './identity/verify-token.ts';
import { requestLimits } from './limits/limits.ts';
import { consoleLog } from './log.ts';
import { misconfigured } from './misconfigured.ts';
import { observer } from './observe.ts';
import { guardedOrigin, originClient } from './origin.ts';
import { audiencesOf } from './popular/audiences.ts';
import { popularLists } from './popular/lists.ts';
import { publishPopular } from './popular/publish.ts';
import { standIns } from './popular/stand-in.ts';
import { eventQueue } from './queue/accept.ts';
import { deliverQueued } from './queue/deliver.ts';
import { setAside } from './queue/set-aside.ts';
import { signedFetch } from './signed-fetch.ts';
import { tenantsOf } from './tenants.ts';

type App = {
  fetch(request: Request, env: unknown, ctx: ExecutionContext): Response | Promise<Response>;
  /** What is done every minute. Rejects where that failed. */
  everyMinute(): Promise<void>;
  /** Takes what the queue hands on; each message is acknowledged or put back. */
  deliver(batch: MessageBatch<unknown>): Promise<void>;
};

/** A lost Redis is left alone after three waits, a lost origin after five; each is tried again after a second at first. */
const REDIS_BREAKER = { name: 'redis', failures: 3, shortest_ms: 1_000, longest_ms: 30_000, probe_ms: 5_000 };
const ORIGIN_BREAKER = {
  name: 'origin',
  failures: 5,
  shortest_ms: 1_000,
  longest_ms: 10_000,
  probe_ms: 30_000,
};
const GATEWAY_BREAKER = { ...ORIGIN_BREAKER, name: 'gateway' };

/** What the names of queues end in that hold what the gateway refused to the last. */
const DEAD = '-dead';

function appOf(config: Config, bindings: Bindings): App {
  // Looked up at each call, so that a test can put another in its place.
  const means = {
    clock: () => Date.now(),
    random: () => Math.random(),
    log: consoleLog,
    fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
  };
  const { origin_url, origin_keys, gateway_url, gateway_keys, issuers, read_deadline_ms: budget_ms } = config;
  const toOrigin = signedFetch({ ...means, name: 'origin', base: origin_url, keys: origin_keys });
  const toGateway = signedFetch({ ...means, name: 'gateway', base: gateway_url, keys: gateway_keys });
  const breakers = {
    redis: breaker({ ...means, ...REDIS_BREAKER }),
    origin: breaker({ ...means, ...ORIGIN_BREAKER }),
    gateway: breaker({ ...means, ...GATEWAY_BREAKER }),
  };
  const origin = guardedOrigin(originClient(toOrigin), breakers.origin);
  const redis = config.redis ? guardedRedis(redisTier({ ...means, ...config.redis }), breakers.redis) : null;
  const cache = answerCache({
    ...means,
    memory: answerMemory(),
    refusals: refusalMemory(means.clock),
    colo: config.colo_cache ? coloCache({ ...means, open: (name) => caches.open(name) }) : null,
    redis,
    epochs: originEpochs(toOrigin),
  });
  const lists = bindings.popular ? popularLists({ ...means, kv: bindings.popular }) : null;
  const standIn = standIns({ ...means, lists });
  const cached = cachedAnswers({ ...means, cache, origin, standIn, budget_ms });
  const uncached = uncachedAnswers({ ...means, origin, standIn, budget_ms });
  const gateway = guardedGateway(gatewayClient(toGateway), breakers.gateway);
  const queue = bindings.events ? eventQueue({ ...means, queue: bindings.events }) : null;
  const tenants = tenantsOf(config.tenants);
  const atOrigin = originKeys({ ...means, send: toOrigin });
  const lookup = redis ? copiedKeys({ ...means, redis, origin: atOrigin }) : atOrigin;
  const identify = identifier({
    ...means,
    verifyToken: tokenVerifier({ ...means, issuers, keySets: keySets(means) }),
    verifyKey: keyVerifier({ ...means, lookup, peppers: config.key_peppers }),
  });
  const app = createApp({
    ...means,
    identify,
    limits: requestLimits({ ...means, limiters: config.limiters, tenants }),
    cors: crossOrigin(tenants),
    observe: observer({ ...means, dataset: config.analytics, breakers: Object.values(breakers) }),
    handlers: {
      health,
      recommendations: recommendations(cached),
      recommendations_now: recommendationsNow(uncached),
      popular: popular(cached),
      similar: similar(cached),
      campaign: campaign(uncached),
      ...campaignWrites(campaignClient(toGateway)),
      ...personHandlers(campaignClient(toGateway), adminClient(toOrigin)),
      events: events(gateway, queue),
      ...adminHandlers(adminClient(toOrigin)),
      tenants: tenantList(tenants),
      openapi,
      docs,
    },
  });
  return {
    fetch: (request, _env, ctx) => app(request, ctx),
    everyMinute: async () => {
      if (lists) await publishPopular({ ...means, audiences: audiencesOf(config), origin, lists });
    },
    deliver: ({ queue, messages }) =>
      bindings.dead_letters && queue.endsWith(DEAD)
        ? setAside({ ...means, messages, kept: bindings.dead_letters })
        : deliverQueued({ ...means, messages, send: toGateway }),
  };
}

/** The application that an environment describes; one that tells what is wrong with it where something is. */
function build(env: unknown): App {
  try {
    return appOf(readConfig(env), readBindings(env));
  } catch (error) {
    return misconfigured(error, consoleLog);
  }
}

let app: App | undefined;

export default {
  fetch(request, env, ctx) {
    app ??= build(env);
    return app.fetch(request, env, ctx);
  },
  async scheduled(_controller, env) {
    app ??= build(env);
    await app.everyMinute();
  },
  async queue(batch, env) {
    app ??= build(env);
    await app.deliver(batch);
  },
} satisfies ExportedHandler<unknown>;
