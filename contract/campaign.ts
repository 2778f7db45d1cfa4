import * as v from 'valibot';
import { CampaignId, Id, Locale, Tag } from './ids.ts';
import { Instant, optional, text } from './values.ts';

const list = <Schema extends v.GenericSchema>(schema: Schema, max: number) =>
  v.optional(v.pipe(v.array(schema), v.maxLength(max)), []);

/** What is recommended. Without locales it fits every locale; without a window it is always on. */
export const Campaign = v.pipe(
  v.strictObject({
    campaign_id: CampaignId,
    title: text(512),
    text: text(8192),
    tags: list(Tag, 64),
    locales: list(Locale, 64),
    status: v.optional(v.picklist(['active', 'paused', 'ended']), 'active'),
    starts_at: optional(Instant),
    ends_at: optional(Instant),
    boost: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 1),
    attributes: v.optional(
      v.pipe(
        v.record(Id, v.union([v.string(), v.number(), v.boolean()])),
        v.check(
          (map) => JSON.stringify(map).length <= 8192,
          'Attributes are at most 8192 characters of JSON',
        ),
      ),
      {},
    ),
  }),
  v.forward(
    v.check(
      ({ starts_at, ends_at }) => starts_at === null || ends_at === null || starts_at < ends_at,
      'A campaign ends after it starts',
    ),
    ['ends_at'],
  ),
);
export type Campaign = v.InferOutput<typeof Campaign>;

/** True while a campaign may be shown: active, and inside its window by the wall clock. */
export function isOn(campaign: Campaign, now_ms: number): boolean {
  return (
    campaign.status === 'active' &&
    (campaign.starts_at === null || Date.parse(campaign.starts_at) <= now_ms) &&
    (campaign.ends_at === null || now_ms < Date.parse(campaign.ends_at))
  );
}
