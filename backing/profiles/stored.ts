import type { EventType } from '#contract/event.ts';
import { type Addition, emptyProfile, merge, mergeImpressions } from './merge.ts';
import type { Impression, Profile } from './port.ts';

/** Lists are tuples, sorted as the port says. */
type Stored = {
  messages: [message_id: string, occurred_at: string][];
  engagements: [message_id: string, occurred_at: string, campaign_id: string, type: EventType][];
  engaged: [campaign_id: string, occurred_at: string][];
  dismissed: [campaign_id: string, occurred_at: string][];
};

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Between a profile and the impressions: JSON has none in its texts. Who was shown nothing has neither. */
const BETWEEN = '\t';

/** A profile with the impressions beside it, as it is stored and dumped: equal ones are equal texts. */
export function encodeProfile(
  { messages, engagements, engaged, dismissed }: Profile,
  impressions: readonly Impression[],
): string {
  const stored: Stored = {
    messages: messages.map((m) => [m.message_id, m.occurred_at]),
    engagements: engagements.map((e) => [e.message_id, e.occurred_at, e.campaign_id, e.type]),
    engaged: sorted(engaged),
    dismissed: sorted(dismissed),
  };
  const text = JSON.stringify(stored);
  if (impressions.length === 0) return text;
  const shown = impressions.map((i) => [i.message_id, i.occurred_at, i.campaign_id]);
  return `${text}${BETWEEN}${JSON.stringify(shown)}`;
}

/** The profile that `encodeProfile` made that text of, whether or not its impressions were left out of it. */
export function decodeProfile(text: string): Profile {
  const [profile = ''] = text.split(BETWEEN, 1);
  const { messages, engagements, engaged, dismissed } = JSON.parse(profile) as Stored;
  return {
    messages: messages.map(([message_id, occurred_at]) => ({ message_id, occurred_at })),
    engagements: engagements.map(([message_id, occurred_at, campaign_id, type]) => ({
      message_id,
      occurred_at,
      campaign_id,
      type,
    })),
    engaged: new Map(engaged),
    dismissed: new Map(dismissed),
  };
}

/** The impressions of such a text. */
export function decodeImpressions(text: string): Impression[] {
  return impressionsOf(text.split(BETWEEN, 2)[1] ?? '');
}

/** The same of what stands behind the profile, which is empty where there are none. */
export function impressionsOf(impressions: string): Impression[] {
  if (impressions === '') return [];
  const shown = JSON.parse(impressions) as [message_id: string, occurred_at: string, campaign_id: string][];
  return shown.map(([message_id, occurred_at, campaign_id]) => ({ message_id, occurred_at, campaign_id }));
}

/** What is stored of a person, with an addition; `before` is undefined for somebody of whom nothing is. */
export function addToStored(before: string | undefined, addition: Addition): string {
  const [profile, impressions] = before
    ? [decodeProfile(before), decodeImpressions(before)]
    : [emptyProfile, []];
  return encodeProfile(merge(profile, addition), mergeImpressions(impressions, addition.impressions));
}
