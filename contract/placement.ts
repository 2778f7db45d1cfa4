import * as v from 'valibot';
import { CampaignId, Id, Tag } from './ids.ts';
import { optional } from './values.ts';
import { versionFields } from './versioned.ts';

const WEIGHT = 'A weight is a number from 0 to 100';
const Weight = v.pipe(v.number(WEIGHT), v.minValue(0, WEIGHT), v.maxValue(100, WEIGHT));

/** What each source counts for. */
export const Weights = v.pipe(
  v.record(v.string(), Weight),
  v.check((weights) => Object.values(weights).some((weight) => weight > 0), 'Give a source some weight'),
);

const POSITION = 'A position is a whole number from 1 to 100';
const Position = v.pipe(
  v.number(POSITION),
  v.integer(POSITION),
  v.minValue(1, POSITION),
  v.maxValue(100, POSITION),
);

const CAP = 'A cap is a whole number of impressions from 0 on';
const Cap = v.pipe(v.number(CAP), v.integer(CAP), v.minValue(0, CAP));

const share = (most: number, what: string) => {
  const message = `${what} is a number from 0 to ${most}`;
  return v.optional(v.pipe(v.number(message), v.minValue(0, message), v.maxValue(most, message)), 0);
};

/** The most impressions that a cap can allow a person: of each campaign so many of theirs are kept, and no more. */
export const MOST_IMPRESSIONS = 20;
const IMPRESSIONS = `Impressions are a whole number from 1 to ${MOST_IMPRESSIONS}`;
const Impressions = v.pipe(
  v.number(IMPRESSIONS),
  v.integer(IMPRESSIONS),
  v.minValue(1, IMPRESSIONS),
  v.maxValue(MOST_IMPRESSIONS, IMPRESSIONS),
);

const RULES = 100;

/** The campaign that stands at a position, on so many impressions a day (UTC) of the tenant; null: on all. */
const Pin = v.strictObject({ campaign_id: CampaignId, position: Position, daily_cap: optional(Cap) });
/** What multiplies the score of campaigns with a tag. */
const Boost = v.strictObject({ tag: Tag, factor: Weight });

/** How often a person is shown a campaign, or with null each campaign, within the last 24 hours or 7 times as many. */
const FrequencyCap = v.strictObject({
  campaign_id: optional(CampaignId),
  impressions: Impressions,
  within: v.picklist(['day', 'week']),
});
export type FrequencyCap = v.InferOutput<typeof FrequencyCap>;

/** What a placement is: what each source counts for, and the rules for what is chosen of what was ranked. */
export const PlacementContent = v.strictObject({
  weights: Weights,
  /** The model whose live version ranks here, and whose shadow beside it; the weights do where there is none, or no such. */
  model: optional(Id),
  /** False leaves out every campaign that the person ever engaged with. */
  repeats: v.boolean(),
  boosts: v.optional(v.pipe(v.array(Boost), v.maxLength(RULES)), []),
  pins: v.optional(v.pipe(v.array(Pin), v.maxLength(RULES)), []),
  /** Whoever had the impressions that one allows, in whichever placement, is not shown that campaign here. */
  frequency_caps: v.optional(v.pipe(v.array(FrequencyCap), v.maxLength(RULES)), []),
  /** From 0, the best come first, to 1, each as unlike those before it by its tags as can be. */
  diversity: share(1, 'Diversity'),
  /** In what share of the answers a campaign that was hardly shown yet takes one position. */
  exploration: share(0.5, 'Exploration'),
});
export type PlacementContent = v.InferOutput<typeof PlacementContent>;

/** A version of a placement; 0 is the one that is shipped, and live wherever no other is. */
export const PlacementVersion = v.strictObject({
  placement: Id,
  ...versionFields,
  content: PlacementContent,
});
export type PlacementVersion = v.InferOutput<typeof PlacementVersion>;

export const PlacementVersions = v.strictObject({ placements: v.array(PlacementVersion) });
export type PlacementVersions = v.InferOutput<typeof PlacementVersions>;
