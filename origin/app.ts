import { gunzipSync } from 'node:zlib';
import type { Meter } from '@opentelemetry/api';
import type { Context } from 'hono';
import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Report } from '#backing/http/report.ts';
import { type SignedEnv, signedApp } from '#backing/http/signed.ts';
import type { Traces } from '#backing/telemetry/traces.ts';
import type { Models, Placements } from '#backing/versioned/port.ts';
import { type Answer, answerHeaders } from '#contract/answer.ts';
import { BOOKMARK_HEADER, readBookmark } from '#contract/bookmark.ts';
import type { Scope } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { dependencyTimesHeader } from '#contract/dependency-times.ts';
import { EPOCHS_PATH } from '#contract/epoch.ts';
import { CampaignId, Id } from '#contract/ids.ts';
import { parse, queryObject } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import {
  PopularQuery,
  popularKey,
  type RecommendationRequest,
  RecommendationsBody,
  RecommendationsQuery,
  recommendationsKey,
  requestOfBody,
  requestOfQuery,
  SimilarQuery,
  similarKey,
} from '#contract/recommendation.ts';
import type { Key } from '#contract/signature.ts';
import { type Asking, etagOf, type Given, openAnswers } from './answers.ts';
import type { Bookmarks } from './bookmarks.ts';
import { type Guard, LeftAlone } from './dependencies/guard.ts';
import { guardedAnswers, guardedCatalogue } from './dependencies/guarded.ts';
import { openGuards } from './dependencies/guards.ts';
import { addKeyRoutes, type Control } from './keys.ts';
import { type Measures, openMeasures } from './measures.ts';
import { addModelRoutes } from './model-routes.ts';
import { addPersonRoutes, type People } from './person-routes.ts';
import { addPlacementRoutes } from './placement-routes.ts';
import type { Recall } from './recall.ts';
import type { Recommender } from './recommender.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** So many answers are made at once where nothing else is said: as many as one processor makes in a tenth of a second. */
const AT_ONCE = 128;
/** An answer is put together so long after it was asked for where nothing else is said: the rest of 100 ms is the way. */
export const ANSWER_MS = 70;
/** How long a look for what is left alone may take. */
const PROBE_MS = 150;

type Asked = Context<SignedEnv>;

/** Whether what the request's bookmark stands for can be read; null where it has none. */
type Written = boolean | null;

function allow(c: Asked, scope: Scope): void {
  if (!c.get('caller').scopes.includes(scope)) throw new Problem('forbidden', `The scope ${scope} is needed`);
}

/** The person the path names; with a caller who is a person, only they. */
function person(c: Asked): string {
  const user_id = parse(Id, c.req.param('user_id'));
  const { subject } = c.get('caller');
  if (subject !== null && subject !== user_id) throw new Problem('not-found', 'There is no such person');
  return user_id;
}

const asking = (c: Asked): Asking => ({ signal: c.get('signal'), deadline_ms: c.get('deadline_ms') });

/** What a store says. Throws an `unavailable` problem where it is left alone, since it keeps failing. */
async function orUnavailable<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof LeftAlone)) throw error;
    throw new Problem('unavailable', 'It cannot be read just now; ask again', {
      headers: { 'Retry-After': '1' },
    });
  }
}

/** What an answer is named to lack that may be of before what its bookmark stands for. */
const PENDING = 'pending_write';

/** Such an answer: right but for that, and for nobody else, so that no tier keeps it. */
function pendingAnswer({ body }: Answer): Response {
  const content = JSON.parse(body) as { degraded: string[] };
  const told = JSON.stringify({ ...content, degraded: [...content.degraded, PENDING].sort() });
  return new Response(told, { headers: { 'Content-Type': 'application/json', ETag: etagOf(told) } });
}

function answered({ answer, cached, known, waited }: Given, written: Written): Response {
  // Where the epochs are not known, nothing tells that what was held in memory is of after it.
  if (written === false || (written && !known)) return pendingAnswer(answer);
  const { body, etag } = answer;
  return new Response(body, {
    headers: {
      'Content-Type': 'application/json',
      'Cache-Status': `origin; ${cached ? 'hit' : 'fwd=miss'}`,
      'Server-Timing': dependencyTimesHeader(waited),
      ...(known ? answerHeaders(answer) : { ETag: etag }),
    },
  });
}

/** The origin's routes: those of the public API that recommend, and the epochs. Signed requests only. */
export function originApp(options: {
  recommender: Recommender;
  answers: Answers;
  catalogue: Catalogue;
  bookmarks: Bookmarks;
  placements: Placements;
  models: Models;
  keys: readonly Key[];
  clock: Clock;
  report: Report;
  meter?: Meter | undefined;
  traces?: Traces | undefined;
  measures?: Measures | undefined;
  /** The guard of each dependency, by its name; the app's own, where none are given. */
  guardOf?: ((dependency: string) => Guard) | undefined;
  /** How many answers are made at once, before others are refused. */
  at_once?: number | undefined;
  /** How long an answer may take (ms): what is late by then is left out. */
  answer_ms?: number | undefined;
  /** Told of the answers that are being made. */
  making?: Pick<Recall, 'begun' | 'ended'> | undefined;
  /** Without it there are no routes about people as a whole. */
  people?: People | undefined;
  /** Without it there are no routes about API keys. */
  control?: Control | undefined;
}) {
  const {
    recommender,
    bookmarks,
    placements,
    models,
    keys,
    clock,
    report,
    meter,
    people,
    control,
    at_once = AT_ONCE,
    answer_ms = ANSWER_MS,
  } = options;
  const { measures = openMeasures(meter) } = options;
  const { guardOf = openGuards({ probe_ms: PROBE_MS, measures, report }) } = options;
  const answers = guardedAnswers(options.answers, guardOf('answers'));
  const catalogue = guardedCatalogue(options.catalogue, guardOf('catalogue'));
  const app = signedApp({
    ...{ keys, clock, max_body_bytes: MAX_BODY_BYTES, report, meter },
    traces: options.traces,
  });
  const { give } = openAnswers({
    ...{ answers, clock, at_once, answer_ms, report, measures },
    making: options.making,
  });

  /**
   * Waits briefly for what the request's bookmark stands for, and tells how long there is then. Only what is read after
   * that is of after it.
   */
  async function waited(c: Asked): Promise<{ written: Written; left: Asking }> {
    const header = c.req.header(BOOKMARK_HEADER);
    const left = asking(c);
    if (header === undefined) return { written: null, left };
    const begun_ms = clock();
    const written = await bookmarks.reached(readBookmark(header), left.deadline_ms, left.signal);
    return { written, left: { ...left, deadline_ms: left.deadline_ms - (clock() - begun_ms) } };
  }

  async function recommendations(c: Asked, request: RecommendationRequest): Promise<Response> {
    const { tenant_id } = c.get('caller');
    const key = recommendationsKey(tenant_id, request);
    const owner = { tenant_id, user_id: request.user_id };
    const { written, left } = await waited(c);
    return answered(
      await give(owner, key, (about) => recommender.recommendations(request, about), left),
      written,
    );
  }

  app.get('/v1/users/:user_id/recommendations', (c) => {
    allow(c, 'recommendations:read');
    const query = queryObject(new URL(c.req.url).searchParams, ['tags', 'exclude']);
    return recommendations(c, requestOfQuery(person(c), parse(RecommendationsQuery, query)));
  });

  app.post('/v1/users/:user_id/recommendations', (c) => {
    allow(c, 'recommendations:read');
    return recommendations(c, requestOfBody(person(c), parse(RecommendationsBody, jsonBody(c))));
  });

  app.get('/v1/campaigns/popular', async (c) => {
    allow(c, 'recommendations:read');
    const { tenant_id } = c.get('caller');
    const { limit, locale = null } = parse(PopularQuery, queryObject(new URL(c.req.url).searchParams));
    const key = popularKey(tenant_id, locale, limit);
    const make = recommender.popular.bind(null, { locale, limit });
    const { written, left } = await waited(c);
    return answered(await give({ tenant_id, user_id: null }, key, make, left), written);
  });

  app.get('/v1/campaigns/:campaign_id/similar', async (c) => {
    allow(c, 'recommendations:read');
    const { tenant_id } = c.get('caller');
    const campaign_id = parse(CampaignId, c.req.param('campaign_id'));
    const { limit } = parse(SimilarQuery, queryObject(new URL(c.req.url).searchParams));
    const key = similarKey(tenant_id, campaign_id, limit);
    const make = recommender.similar.bind(null, { campaign_id, limit });
    const { written, left } = await waited(c);
    return answered(await give({ tenant_id, user_id: null }, key, make, left), written);
  });

  app.get('/v1/campaigns/:campaign_id', async (c) => {
    allow(c, 'campaigns:read');
    const campaign_id = parse(CampaignId, c.req.param('campaign_id'));
    if ((await waited(c)).written === false) {
      const detail =
        'What the bookmark stands for cannot be read yet; ask again, or without it for what there is';
      throw new Problem('pending-write', detail, { headers: { 'Retry-After': '1' } });
    }
    const { tenant_id } = c.get('caller');
    const campaign = await orUnavailable(catalogue.get(tenant_id, campaign_id, c.get('signal')));
    if (!campaign) throw new Problem('not-found', 'There is no such campaign');
    return c.json(campaign);
  });

  app.get(EPOCHS_PATH, async (c) => {
    const user_id = c.req.query('user_id') ?? null;
    const { tenant_id } = c.get('caller');
    return c.json(await orUnavailable(answers.read(tenant_id, user_id, c.get('signal'))));
  });

  const told = { answers: options.answers, clock, sources: recommender.sources, jsonBody };
  addPlacementRoutes(app, { ...told, placements, models });
  addModelRoutes(app, { ...told, models });
  if (people) addPersonRoutes(app, { ...people, clock });
  if (control) addKeyRoutes(app, { ...control, clock, jsonBody });

  return app;
}

/** The JSON of a body, plain or gzip. Throws a `bad-request` problem where it is not that. */
function jsonBody(c: Asked): unknown {
  const encoding = c.req.header('content-encoding') ?? 'identity';
  try {
    const body = c.get('body');
    const plain = encoding === 'gzip' ? gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }) : body;
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain));
  } catch (cause) {
    throw new Problem('bad-request', 'The body is not JSON in UTF-8', { cause });
  }
}
