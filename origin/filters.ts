import { isOn } from '#contract/campaign.ts';
import type { Filter } from './pipeline/stages.ts';

/** Active, and inside its window. */
export const on: Filter = (campaign, { now_ms }) => isOn(campaign, now_ms);

/** Made for the locale that is asked for, or for all. */
export const inLocale: Filter = ({ locales }, { request: { locale } }) =>
  locale === null || locales.length === 0 || locales.includes(locale);

/** With one of the tags asked for. */
export const tagged: Filter = (campaign, { request: { tags } }) =>
  tags.length === 0 || tags.some((tag) => campaign.tags.includes(tag));

/** Not excluded by the request. */
export const notExcluded: Filter = (campaign, { request }) => !request.exclude.includes(campaign.campaign_id);

/** Not dismissed by the person, unless they engaged with it afterwards. */
export const notDismissed: Filter = ({ campaign_id }, { profile }) => {
  const dismissed = profile.dismissed.get(campaign_id);
  return dismissed === undefined || (profile.engaged.get(campaign_id) ?? '') > dismissed;
};

/** New to the person, where the placement wants that. */
export const freshOrWelcome: Filter = (campaign, { placement, profile }) =>
  placement.repeats || !profile.engaged.has(campaign.campaign_id);
