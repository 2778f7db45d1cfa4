import * as v from 'valibot';
import { CampaignId, composite, Id, Locale, Tag } from './ids.ts';
import { text } from './values.ts';

const DEFAULT_LIMIT = 10;

const LIMIT = 'A limit is a whole number from 1 to 100';
export const Limit = v.pipe(v.number(LIMIT), v.integer(LIMIT), v.minValue(1, LIMIT), v.maxValue(100, LIMIT));
export const LimitText = v.pipe(v.string(), v.regex(/^\d{1,3}$/, LIMIT), v.transform(Number), Limit);

/** A list as a set: sorted, each once, so that equal questions are equal. */
const set = <Schema extends v.GenericSchema<string>>(item: Schema, max: number) =>
  v.optional(
    v.pipe(
      v.array(item),
      v.maxLength(max),
      v.transform((list) => [...new Set(list)].sort()),
    ),
    [],
  );

/** The query of `GET …/recommendations`; lists are repeated parameters: `tags=a&tags=b`. */
export const RecommendationsQuery = v.strictObject({
  placement: v.optional(Id, 'discover'),
  limit: v.optional(LimitText, String(DEFAULT_LIMIT)),
  locale: v.optional(Locale, undefined),
  tags: set(Tag, 32),
  exclude: set(CampaignId, 100),
});

/** The body of `POST …/recommendations`. */
export const RecommendationsBody = v.strictObject({
  placement: v.optional(Id, 'discover'),
  limit: v.optional(Limit, DEFAULT_LIMIT),
  context: v.optional(v.strictObject({ text: text(8192) }), undefined),
  exclude: set(CampaignId, 500),
  filter: v.optional(v.strictObject({ locale: v.optional(Locale, undefined), tags: set(Tag, 32) }), {}),
});

/** The query of `GET /v1/campaigns/{id}/similar`. */
export const SimilarQuery = v.strictObject({ limit: v.optional(LimitText, String(DEFAULT_LIMIT)) });

/** The query of `GET /v1/campaigns/popular`. */
export const PopularQuery = v.strictObject({
  limit: v.optional(LimitText, String(DEFAULT_LIMIT)),
  locale: v.optional(Locale, undefined),
});

/** Which campaigns fit this person now: lists sorted and each item once. */
export type RecommendationRequest = {
  user_id: string;
  placement: string;
  limit: number;
  locale: string | null;
  tags: readonly string[];
  exclude: readonly string[];
  /** What is being said now, for this request alone. */
  context: string | null;
};

/** The question a GET asks, from its validated query. */
export function requestOfQuery(
  user_id: string,
  query: v.InferOutput<typeof RecommendationsQuery>,
): RecommendationRequest {
  const { placement, limit, locale, tags, exclude } = query;
  return { user_id, placement, limit, locale: locale ?? null, tags, exclude, context: null };
}

/** The question a POST asks, from its validated body. */
export function requestOfBody(
  user_id: string,
  body: v.InferOutput<typeof RecommendationsBody>,
): RecommendationRequest {
  const { placement, limit, exclude, filter, context } = body;
  return {
    user_id,
    placement,
    limit,
    locale: filter.locale ?? null,
    tags: filter.tags,
    exclude,
    context: context?.text ?? null,
  };
}

/** Raised when the shape of a kept answer changes, so that an older one is never read as a newer. */
export const ANSWER_FORMAT = 1;

/** The key of a recommendations answer: equal questions have equal keys, other questions other ones. */
export function recommendationsKey(
  tenant_id: string,
  request: RecommendationRequest,
  variant: string | null = null,
): string {
  const { user_id, placement, limit, locale, tags, exclude, context } = request;
  return composite(
    ANSWER_FORMAT,
    'recommendations',
    tenant_id,
    user_id,
    placement,
    limit,
    locale,
    composite(...tags),
    composite(...exclude),
    context,
    variant,
  );
}

export function similarKey(tenant_id: string, campaign_id: string, limit: number): string {
  return composite(ANSWER_FORMAT, 'similar', tenant_id, campaign_id, limit);
}

export function popularKey(tenant_id: string, locale: string | null, limit: number): string {
  return composite(ANSWER_FORMAT, 'popular', tenant_id, locale, limit);
}

const Reason = v.strictObject({ source: v.string(), weight: v.number() });
const Item = v.strictObject({
  campaign_id: v.string(),
  rank: v.pipe(v.number(), v.integer(), v.minValue(1)),
  score: v.number(),
  reasons: v.array(Reason),
});

/** What `…/recommendations` answers. `degraded` names what the answer was made without. */
export const Recommendations = v.strictObject({
  recommendation_id: v.string(),
  user_id: v.string(),
  placement: v.string(),
  generated_at: v.string(),
  model: v.string(),
  degraded: v.array(v.string()),
  items: v.array(Item),
});
export type Recommendations = v.InferOutput<typeof Recommendations>;

/** What `similar` and `popular` answer. */
export const CampaignList = v.strictObject({
  generated_at: v.string(),
  degraded: v.array(v.string()),
  items: v.array(Item),
});
export type CampaignList = v.InferOutput<typeof CampaignList>;
export type Item = v.InferOutput<typeof Item>;
