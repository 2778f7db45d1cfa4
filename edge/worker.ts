import { createApp } from './app.ts';
import { answerCache } from './cache/answers.ts';
import { originEpochs } from './cache/epochs.ts';
import { answerMemory } from './cache/memory.ts';
import { type Config, readConfig } from './config.ts';
import { gatewayClient } from './gateway.ts';
import { cachedAnswers } from './handlers/cached.ts';
import { campaign, popular, similar } from './handlers/campaigns.ts';
import { events } from './handlers/events.ts';
import { health } from './handlers/health.ts';
import { recommendations, recommendationsNow } from './handlers/recommendations.ts';
import { uncachedAnswers } from './handlers/uncached.ts';
import { identifier } from './identity/identify.ts';
import { keySets } from './identity/key-sets.ts';
import { tokenVerifier } from './identity/verify-token.ts';
import { consoleLog } from './log.ts';
import { misconfigured } from './misconfigured.ts';
import { originClient } from './origin.ts';
import { signedFetch } from './signed-fetch.ts';

type App = { fetch(request: Request, env: unknown, ctx: ExecutionContext): Response | Promise<Response> };

function appOf(config: Config): App {
  // Looked up at each call, so that a test can put another in its place.
  const means = {
    clock: () => Date.now(),
    log: consoleLog,
    fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
  };
  const { origin_url, origin_keys, gateway_url, gateway_keys, issuers, read_deadline_ms: budget_ms } = config;
  const toOrigin = signedFetch({ ...means, name: 'origin', base: origin_url, keys: origin_keys });
  const toGateway = signedFetch({ ...means, name: 'gateway', base: gateway_url, keys: gateway_keys });
  const origin = originClient(toOrigin);
  const cache = answerCache({ ...means, memory: answerMemory(), epochs: originEpochs(toOrigin) });
  const cached = cachedAnswers({ ...means, cache, origin, budget_ms });
  const uncached = uncachedAnswers({ ...means, origin, budget_ms });
  const verify = tokenVerifier({ ...means, issuers, keySets: keySets(means) });
  return createApp({
    ...means,
    identify: identifier({ ...means, verify }),
    handlers: {
      health,
      recommendations: recommendations(cached),
      recommendations_now: recommendationsNow(uncached),
      popular: popular(cached),
      similar: similar(cached),
      campaign: campaign(uncached),
      events: events(gatewayClient(toGateway)),
    },
  });
}

/** The application that an environment describes; one that tells what is wrong with it where something is. */
function build(env: unknown): App {
  try {
    return appOf(readConfig(env));
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
} satisfies ExportedHandler<unknown>;
