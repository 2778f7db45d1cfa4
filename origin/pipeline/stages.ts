import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Impression, Profile } from '#backing/profiles/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { RecommendationRequest } from '#contract/recommendation.ts';
import type { HeldPatterns } from '../patterns/held.ts';
import type { Placement } from '../placements.ts';
import type { Met } from '../tenant/met.ts';
import type { Popularity } from '../tenant/popularity.ts';

/** One of up to three things a person talks about: a vector of length 1, and its share of what they say. */
export type Interest = { vector: Float32Array; share: number };

/** A placement, and what ranks there. */
export type Ranking = {
  placement: Placement;
  /** What ranks, as answers tell: a model and its version, or the weighted sum. */
  model: string;
  /** What each source counts for: the placement's weights, or those that the tenant's own past shows better, or a model's. */
  weights: Readonly<Record<string, number>>;
  /** Sources that are asked whatever they weigh. */
  asks: ReadonlySet<string>;
  ranker: Ranker;
};

/** What hydrators find out. What one of them could not stays as empty as it began, and is named in `degraded`. */
export type Known = Met &
  Ranking & {
    /** What ranks beside it to be compared, and answers nobody; null where there is none. */
    shadow: Ranking | null;
    /** The tenant's clock, which decays and windows of ranking go by. */
    as_of_ms: number;
    catalogue: ReadonlyMap<string, Campaign>;
    /** The embedding version of all vectors that the question has to do with: set once, null until then. */
    version: EmbeddingVersion | null;
    popularity: Popularity;
    /** How strongly each campaign that goes on just now does. */
    trend: ReadonlyMap<string, number>;
    profile: Profile;
    /** What the person was shown lately, newest first, where the placement caps that. */
    impressions: readonly Impression[];
    /** What is being said now, as a vector; null where the request does not tell. */
    context: Float32Array | null;
    /** What the person talks about. */
    interests: readonly Interest[];
    /** All they say lately as one vector of length 1, the last counting most; null where nothing is known. */
    talk: Float32Array | null;
    /** What was learnt of people alike; null where that cannot be had. */
    patterns: HeldPatterns | null;
  };

/** A question on its way through the pipeline. */
export type Query = Known & {
  readonly tenant_id: string;
  readonly request: RecommendationRequest;
  /** The tenant's epoch that the question was begun under. */
  readonly tenant_epoch: number;
  /** The person's epoch; 0 where it is not known. */
  readonly user_epoch: number;
  /** The wall clock, which campaign windows go by. */
  readonly now_ms: number;
  readonly signal: AbortSignal;
  readonly degraded: Set<string>;
};

/**
 * Finds out something about the question. `dependency` is what it asks, as `degraded` names it. What it resolves with
 * is taken over in time or not at all, so that nothing changes under those who come after.
 */
export type Hydrator = {
  readonly dependency: string;
  hydrate(query: Query, signal: AbortSignal): Promise<Partial<Known>>;
  /** True where there is no answer without it: then it may take all the time that there is. */
  needed?(query: Query): boolean;
  /** What is held of before, where that failed or was late. */
  nextBest?(query: Query): Partial<Known>;
};

/** Campaigns with how strongly a source would raise each, in units of its own, more being better. */
export type Found = ReadonlyMap<string, number>;

/** A way of finding campaigns. A placement weighs it by its name; `degraded` names its dependency. */
export type Source = {
  readonly name: string;
  readonly dependency: string;
  /** True where it rests on what the question holds already, so that it needs no deadline. */
  readonly local?: true;
  /** True where it raises what the placement's rules name, whatever it weighs. */
  readonly by_rule?: true;
  find(query: Query, signal: AbortSignal): Promise<Found>;
};

/** True for a campaign that may be shown. */
export type Filter = (campaign: Campaign, query: Query) => boolean;

/** The campaigns that were found and may be shown, with what the sources say of them. */
export type Candidates = {
  readonly campaigns: readonly Campaign[];
  /**
   * A column of each source that says anything, in the order of the sources: at `i` what it says of the campaign at `i`,
   * normalised; 0 where that is nothing.
   */
  readonly features: ReadonlyMap<string, Float64Array>;
};

type Contribution = { source: string; weight: number };

/** Tells what candidates are worth. */
export type Ranker = {
  /** What each is worth, boosts apart, in the order of the candidates. */
  scores(candidates: Candidates, weights: Ranking['weights']): Float64Array;
  /** What each source gave of what the candidate at `at` is worth, where it gave anything. */
  contributions(candidates: Candidates, at: number, weights: Ranking['weights']): Contribution[];
};

/** A candidate with its score. */
export type Ranked = {
  campaign_id: string;
  score: number;
  /** Its place among the candidates. */
  at: number;
  /** True where a rule raised it. */
  promoted: boolean;
  /** What brought it where it stands, where that is not its score. */
  rule: 'promoted' | 'exploration' | null;
};

/** What is shown of what was ranked. */
export type Selector = (ranked: readonly Ranked[], query: Query) => Ranked[];

/** The stages in their order. Adding a source is adding one file, and one line in its list. */
export type Stages = {
  /** In rounds: those of a round run side by side. */
  readonly hydrators: readonly (readonly Hydrator[])[];
  readonly sources: readonly Source[];
  readonly filters: readonly Filter[];
  readonly selector: Selector;
  /** Told of what was selected, and of what the shadow placement would have selected of the same candidates. */
  compare(selected: readonly Ranked[], shadow: readonly Ranked[], query: Query): void;
};
