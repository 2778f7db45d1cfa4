import * as v from 'valibot';
import { CampaignId, composite, Id, Locale } from './ids.ts';
import { Instant, optional, text } from './values.ts';

const common = {
  message_id: Id,
  user_id: Id,
  occurred_at: Instant,
  locale: optional(Locale),
};

/** Something a person said; `campaign_id` where it is known to be about one. */
const Message = v.strictObject({
  ...common,
  type: v.literal('message'),
  text: text(8192),
  campaign_id: optional(CampaignId),
  reply_to: optional(Id),
  reply_to_user_id: optional(Id),
  channel: optional(text(256)),
});

const interaction = {
  ...common,
  campaign_id: CampaignId,
  recommendation_id: optional(Id),
  placement: optional(Id),
  position: optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))),
};

const Impression = v.strictObject({ ...interaction, type: v.literal('impression') });
const Click = v.strictObject({ ...interaction, type: v.literal('click') });
const Dismissal = v.strictObject({ ...interaction, type: v.literal('dismissal') });
const Conversion = v.strictObject({
  ...interaction,
  type: v.literal('conversion'),
  value: optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
});

/** A conversation event as an app sends it. Missing optional fields become null; unknown ones are refused. */
export const Event = v.variant('type', [Message, Impression, Click, Conversion, Dismissal]);
export type Event = v.InferOutput<typeof Event>;
export type EventType = Event['type'];

/** Who an event is: the same identity again is the same event. Nobody's event can touch another's. */
export function identity(tenant_id: string, event: Pick<Event, 'user_id' | 'message_id'>): string {
  return composite(tenant_id, event.user_id, event.message_id);
}

/** True for what shows interest in a campaign: a message, click or conversion that names one. */
export function isEngagement(event: Event): event is Event & { campaign_id: string } {
  return event.type !== 'impression' && event.type !== 'dismissal' && event.campaign_id !== null;
}
