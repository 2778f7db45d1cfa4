import * as v from 'valibot';
import type { Event } from './event.ts';
import { CampaignId, Id } from './ids.ts';
import { Served } from './served.ts';

/** What became of a campaign in an answer, by an event that names the answer. */
export const Outcome = v.strictObject({
  recommendation_id: v.string(),
  user_id: Id,
  campaign_id: CampaignId,
  type: v.picklist(['impression', 'click', 'conversion']),
  position: v.nullable(v.number()),
});
export type Outcome = v.InferOutput<typeof Outcome>;

/** What an event tells of an answer; null where it tells nothing. */
export function outcomeOf(event: Event): Outcome | null {
  if (event.type === 'message' || event.type === 'dismissal' || event.recommendation_id === null) return null;
  const { recommendation_id, user_id, campaign_id, type, position } = event;
  return { recommendation_id, user_id, campaign_id, type, position };
}

/** The gateway's way to a tenant's answers, and to what became of them: `…/{tenant}/{partition}?from={offset}`. */
export const ANSWERED_PATH = '/internal/answered';
export const OUTCOMES_PATH = '/internal/outcomes';

/** A page of either, of one partition of the log: where the next begins, null at the end; and how many partitions there are. */
const page = <Item extends v.GenericSchema>(item: Item) =>
  v.strictObject({ partitions: v.number(), next: v.nullable(v.number()), items: v.array(item) });
export const AnsweredPage = page(Served);
export const OutcomesPage = page(Outcome);
