import { certainlyLivesAfter } from '#contract/deletion.ts';
import type { Engagement, Impression, Profile } from './port.ts';

/** All that is kept of a person. */
export type Kept = { profile: Profile; impressions: readonly Impression[] };

/** The events of which `occurred_at` alone does not tell whether they outlive a forgetting. */
export function doubtful({ profile, impressions }: Kept, forgotten_at: string): string[] {
  const until = certainlyLivesAfter(forgotten_at);
  return [...profile.messages, ...profile.engagements, ...impressions].flatMap(
    ({ message_id, occurred_at }) => (occurred_at > forgotten_at && occurred_at <= until ? [message_id] : []),
  );
}

/**
 * What is left of that; `accepted` are those of the doubtful ones that were accepted afterwards. Where nothing
 * tells that a doubtful one lives, as of a dismissal, which is kept without its id, it is forgotten.
 */
export function afterForgetting(
  { profile, impressions }: Kept,
  forgotten_at: string,
  accepted: ReadonlySet<string>,
): Kept {
  const until = certainlyLivesAfter(forgotten_at);
  const lives = ({ message_id, occurred_at }: { message_id: string; occurred_at: string }) =>
    occurred_at > until || (occurred_at > forgotten_at && accepted.has(message_id));
  const engagements = profile.engagements.filter(lives);
  return {
    profile: {
      messages: profile.messages.filter(lives),
      engagements,
      engaged: latest(profile.engaged, until, engagements),
      dismissed: latest(profile.dismissed, until, []),
    },
    impressions: impressions.filter(lives),
  };
}

function latest(kept: ReadonlyMap<string, string>, until: string, live: readonly Engagement[]) {
  const result = new Map([...kept].filter(([, occurred_at]) => occurred_at > until));
  for (const { campaign_id, occurred_at } of live) {
    if (occurred_at > (result.get(campaign_id) ?? '')) result.set(campaign_id, occurred_at);
  }
  return result;
}

export function isEmpty({ profile, impressions }: Kept): boolean {
  const { messages, engagements, engaged, dismissed } = profile;
  return messages.length + engagements.length + engaged.size + dismissed.size + impressions.length === 0;
}
