import { randomUUID } from 'node:crypto';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Graph } from '#backing/graph/port.ts';
import { errorFields, type Report } from '#backing/http/report.ts';
import { emptyProfile } from '#backing/profiles/merge.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Models, Placements } from '#backing/versioned/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { Clock } from '#contract/clock.ts';
import type { Epochs } from '#contract/epoch.ts';
import { Problem } from '#contract/problem.ts';
import type { CampaignList, Item, RecommendationRequest, Recommendations } from '#contract/recommendation.ts';
import type { Made } from './answers.ts';
import { type Guard, LeftAlone } from './dependencies/guard.ts';
import { guardedStores } from './dependencies/guarded.ts';
import { openGuards } from './dependencies/guards.ts';
import { freshOrWelcome, inLocale, notDismissed, notExcluded, on, tagged } from './filters.ts';
import { catalogueHydrator } from './hydrators/catalogue.ts';
import { contextHydrator } from './hydrators/context.ts';
import { countsHydrator } from './hydrators/counts.ts';
import { impressionsHydrator } from './hydrators/impressions.ts';
import { interestsHydrator } from './hydrators/interests.ts';
import { likeCampaign } from './hydrators/like-campaign.ts';
import { patternsHydrator } from './hydrators/patterns.ts';
import { profileHydrator } from './hydrators/profile.ts';
import { itemsOf } from './items-of.ts';
import { type Measures, openMeasures } from './measures.ts';
import { openPatterns } from './patterns/held.ts';
import { openBudget } from './pipeline/budget.ts';
import { recommend } from './pipeline/recommend.ts';
import type { Candidates, Hydrator, Query, Source, Stages } from './pipeline/stages.ts';
import { listOf, nowhere, type Placement, placements as shipped } from './placements.ts';
import { byWeights } from './rank/ranking.ts';
import type { Recall } from './recall.ts';
import { choose } from './rules/choose.ts';
import { openComparison } from './rules/compare.ts';
import type { ServeLog } from './serve-log.ts';
import { servedOf } from './served-of.ts';
import { coEngagement } from './sources/co-engagement.ts';
import { fittingContext } from './sources/fitting-context.ts';
import { graphNeighbours } from './sources/graph-neighbours.ts';
import { lastingTaste } from './sources/lasting-taste.ts';
import { likeMinded } from './sources/like-minded.ts';
import { nearestCampaigns } from './sources/nearest-campaigns.ts';
import { nextCampaigns } from './sources/next-campaigns.ts';
import { popular } from './sources/popular.ts';
import { promoted } from './sources/promoted.ts';
import { repeatEngagement } from './sources/repeat-engagement.ts';
import { similarConversations } from './sources/similar-conversations.ts';
import { talkedAbout } from './sources/talked-about.ts';
import { trending } from './sources/trending.ts';
import { nothingMet } from './tenant/met.ts';
import { nothingPopular } from './tenant/popularity.ts';
import { openTenants } from './tenant/tenants.ts';

/** How long a dependency may take, where nothing else is configured. */
export const DEPENDENCY_MS = 150;
/** What is popular, or like a campaign, changes without any epoch; it is made anew so often. */
const LIST_MS = 60_000;
/** What people do alike changes slowly; it is learnt anew so often. */
const RELEARN_MS = 10 * 60_000;
/** What a person was shown changes without any epoch as well; an answer that rests on it lives so long. */
const CAPPED_MS = 60_000;

export type RecommenderOptions = {
  catalogue: Catalogue;
  profiles: Profiles;
  counters: Counters;
  vectors: Vectors;
  embedders: Embedders;
  versions: Versions;
  placements: Placements;
  models: Models;
  graph: Graph;
  clock: Clock;
  /** Stands for every tenant's clock, where given (ms). */
  now_ms?: number | undefined;
  /** How old a tenant's counts may be (ms); 0 reads them before each answer. */
  refresh_ms?: number | undefined;
  /** How old what was learnt of people alike may grow (ms). */
  relearn_ms?: number | undefined;
  /** Told of the candidates of each answer that was made, with their features. */
  onRanked?: ((query: Query, candidates: Candidates) => void) | undefined;
  /** Told of each answer that was made for a person, with what it was chosen from. */
  onServed?: ServeLog['add'] | null | undefined;
  /** How long a dependency may take before an answer is made without it. */
  dependency_ms?: number | undefined;
  /** From 0 to under 1; what explores is drawn by it. */
  random?: (() => number) | undefined;
  report: Report;
  measures?: Measures | undefined;
  traces?: Traces | undefined;
  /** Draws a share of the searches by an index, to hold them against what they should have found. */
  recall?: Pick<Recall, 'of'> | undefined;
  /** The guard of each dependency, by its name; the recommender's own, where none are given. */
  guardOf?: ((dependency: string) => Guard) | undefined;
};

/**
 * Whose question it is, the epochs it is begun under, when an answer is due, and until when one is waited for without
 * which there is none (ms from now; else as long as each dependency may take).
 */
export type About = {
  tenant_id: string;
  epochs: Epochs;
  signal: AbortSignal;
  budget_ms?: number | undefined;
  latest_ms?: number | undefined;
  /** Told how long a stage waited for its dependency. */
  waited?: ((dependency: string, took_ms: number) => void) | undefined;
};

/** An answer ends when the first of its campaigns does. */
function firstEnd(items: readonly Item[], catalogue: ReadonlyMap<string, Campaign>): number {
  const ends = items.map(({ campaign_id }) => catalogue.get(campaign_id)?.ends_at ?? null);
  return Math.min(...ends.map((end) => (end === null ? Infinity : Date.parse(end))));
}

function noSuchPlacement(name: string): Problem {
  const known = [...shipped.keys()].join(', ');
  const detail = `One of ${known}, or of those that the tenant has made live`;
  return new Problem(
    'invalid-request',
    `There is no placement "${name}": ask for ${known}, or make it live`,
    {
      errors: [{ pointer: '/placement', detail }],
    },
  );
}

const noRequest = {
  user_id: '',
  placement: '',
  limit: 0,
  locale: null,
  tags: [],
  exclude: [],
  context: null,
};

/** Makes answers: the ordered stages over the stores that are handed in. */
export function openRecommender(options: RecommenderOptions) {
  const { clock, now_ms, refresh_ms, report, versions, random = Math.random } = options;
  const { dependency_ms = DEPENDENCY_MS, relearn_ms = RELEARN_MS, measures = openMeasures() } = options;
  const { guardOf = openGuards({ probe_ms: dependency_ms, measures, report, traces: options.traces }) } =
    options;
  const { span } = options.traces ?? noTraces;
  const asked = guardedStores(options, guardOf);
  const { vectors, embedders } = asked;
  let closed = false;
  const onError = (error: unknown) => {
    if (closed || error instanceof LeftAlone) return;
    report({ level: 'warn', message: 'a tenant could not be read', error: errorFields(error) });
  };
  const tenants = openTenants({
    ...{ catalogue: asked.catalogue, counters: asked.counters, versions: asked.versions },
    ...{ placements: asked.placements, models: asked.models },
    ...{ clock, now_ms, refresh_ms, onError },
    patience_ms: dependency_ms,
    usual_version: embedders.usual,
  });
  const patterns = openPatterns({
    ...{ profiles: options.profiles, vectors: options.vectors },
    ...{ clock, relearn_ms, onError },
  });
  const drawn = (source: string) => options.recall?.of(source, vectors) ?? vectors;
  const nearest = nearestCampaigns(drawn('nearest_campaigns'));
  const tenantHydrators = [catalogueHydrator(tenants, measures.aged), countsHydrator(tenants, measures.aged)];

  const personal: Stages = {
    hydrators: [
      [...tenantHydrators, profileHydrator(asked.profiles, measures.looked('profiles'))],
      [
        contextHydrator(embedders),
        interestsHydrator(vectors, measures.looked('interests')),
        patternsHydrator(patterns),
        impressionsHydrator(asked.profiles),
      ],
    ],
    sources: [
      graphNeighbours(asked.graph),
      fittingContext(drawn('fitting_context')),
      nearest,
      similarConversations(drawn('similar_conversations')),
      likeMinded,
      talkedAbout,
      coEngagement,
      lastingTaste,
      nextCampaigns,
      repeatEngagement,
      trending,
      popular,
      promoted,
    ],
    filters: [on, inLocale, tagged, notExcluded, notDismissed, freshOrWelcome],
    selector: choose(random),
    compare: openComparison(measures.agreed),
  };

  /** What each question begins with. */
  function ask(request: RecommendationRequest, placement: Placement, about: About): Query {
    const now_ms = clock();
    return {
      tenant_id: about.tenant_id,
      tenant_epoch: about.epochs.tenant,
      user_epoch: about.epochs.user,
      signal: about.signal,
      request,
      ...byWeights(placement),
      now_ms,
      as_of_ms: now_ms,
      catalogue: new Map(),
      version: null,
      popularity: nothingPopular,
      ...nothingMet,
      shadow: null,
      trend: new Map(),
      profile: emptyProfile,
      impressions: [],
      context: null,
      interests: [],
      talk: null,
      patterns: null,
      degraded: new Set(),
    };
  }

  async function run(query: Query, stages: Stages, about: About) {
    const { budget_ms = Number.POSITIVE_INFINITY, latest_ms = budget_ms, waited } = about;
    const budget = openBudget({
      ...{ clock, most_ms: dependency_ms },
      ends_ms: query.now_ms + budget_ms,
      latest_ms: query.now_ms + latest_ms,
    });
    const { candidates, ranked, selected } = await recommend(query, stages, {
      ...{ budget, raised: measures.raised, onRanked: options.onRanked, waited, span },
    });
    const items = itemsOf(selected, candidates, query);
    measures.degraded(query.degraded);
    if (query.catalogue.size === 0 && query.degraded.has('catalogue')) {
      throw new Problem('unavailable', 'The catalogue cannot be read just now', {
        headers: { 'Retry-After': '1' },
      });
    }
    return {
      ...{ candidates, ranked, items },
      degraded: [...query.degraded].sort(),
      generated_at: new Date(query.now_ms).toISOString(),
      ends_ms: firstEnd(items, query.catalogue),
    };
  }

  /** A list for nobody in particular, by one source. */
  async function list(
    source: Source,
    asked: Partial<RecommendationRequest>,
    about: About,
    about_what: readonly Hydrator[] = [],
  ) {
    const query = ask({ ...noRequest, ...asked }, listOf(source.name), about);
    const stages = { ...personal, hydrators: [tenantHydrators, about_what], sources: [source] };
    const { items, degraded, generated_at, ends_ms } = await run(query, stages, about);
    const content: CampaignList = { generated_at, degraded, items };
    return { content, degraded, until_ms: Math.min(query.now_ms + LIST_MS, ends_ms) };
  }

  return {
    /** What a placement can weigh. */
    sources: personal.sources.filter(({ by_rule }) => !by_rule).map(({ name }) => name),

    /** Which campaigns fit a person now. Throws an `invalid-request` problem for a placement that there is not. */
    async recommendations(request: RecommendationRequest, about: About): Promise<Made<Recommendations>> {
      const { placement } = request;
      const query = ask(request, shipped.get(placement) ?? nowhere(placement), about);
      const { candidates, ranked, items, degraded, generated_at, ends_ms } = await run(
        query,
        personal,
        about,
      );
      if (query.placement.from === 'nowhere') throw noSuchPlacement(placement);
      const content: Recommendations = {
        recommendation_id: randomUUID(),
        user_id: request.user_id,
        placement: request.placement,
        generated_at,
        model: query.model,
        degraded,
        items,
      };
      options.onServed?.(servedOf(query, candidates, ranked, content));
      const capped = query.placement.frequency_caps.length > 0;
      return { content, degraded, until_ms: capped ? Math.min(ends_ms, query.now_ms + CAPPED_MS) : ends_ms };
    },

    /** Learns anew what a tenant's people do alike, and resolves once answers rest on it: to the bytes that are held of it. */
    async relearn(tenant_id: string): Promise<number> {
      const version = await versions.current(tenant_id, AbortSignal.timeout(dependency_ms));
      return patterns.relearn(tenant_id, version ?? embedders.usual);
    },

    /** From here on nobody is told of what is read behind answers: the stores are about to close. */
    close() {
      closed = true;
    },

    /** What is popular now, for everybody. */
    popular: (asked: { locale: string | null; limit: number }, about: About): Promise<Made<CampaignList>> =>
      list(popular, asked, about),

    /** Campaigns whose text is like that of one. Throws a `not-found` problem where it has no vector. */
    async similar(asked: { campaign_id: string; limit: number }, about: About): Promise<Made<CampaignList>> {
      const { campaign_id, limit } = asked;
      let known = true;
      const like = likeCampaign(vectors, campaign_id, (found) => {
        known = found;
      });
      const made = await list(nearest, { limit, exclude: [campaign_id] }, about, [like]);
      if (!known) throw new Problem('not-found', 'There is no such campaign');
      return made;
    },
  };
}
export type Recommender = ReturnType<typeof openRecommender>;
