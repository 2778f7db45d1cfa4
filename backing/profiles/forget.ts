import { certainlyLivesAfter } from '#contract/deletion.ts';
import type { Engagement, Profile } from './port.ts';

/** The messages of a profile of which `occurred_at` alone does not tell whether they outlive a forgetting. */
export function doubtful({ messages, engagements }: Profile, forgotten_at: string): string[] {
  const until = certainlyLivesAfter(forgotten_at);
  return [...messages, ...engagements].flatMap(({ message_id, occurred_at }) =>
    occurred_at > forgotten_at && occurred_at <= until ? [message_id] : [],
  );
}

/**
 * What is left of a profile; `accepted` are those of the doubtful ones that were accepted afterwards. Where nothing
 * tells that a doubtful one lives, as of a dismissal, which is kept without its id, it is forgotten.
 */
export function afterForgetting(
  profile: Profile,
  forgotten_at: string,
  accepted: ReadonlySet<string>,
): Profile {
  const until = certainlyLivesAfter(forgotten_at);
  const lives = ({ message_id, occurred_at }: { message_id: string; occurred_at: string }) =>
    occurred_at > until || (occurred_at > forgotten_at && accepted.has(message_id));
  const engagements = profile.engagements.filter(lives);
  return {
    messages: profile.messages.filter(lives),
    engagements,
    engaged: latest(profile.engaged, until, engagements),
    dismissed: latest(profile.dismissed, until, []),
  };
}

function latest(kept: ReadonlyMap<string, string>, until: string, live: readonly Engagement[]) {
  const result = new Map([...kept].filter(([, occurred_at]) => occurred_at > until));
  for (const { campaign_id, occurred_at } of live) {
    if (occurred_at > (result.get(campaign_id) ?? '')) result.set(campaign_id, occurred_at);
  }
  return result;
}

export function isEmpty({ messages, engagements, engaged, dismissed }: Profile): boolean {
  return messages.length + engagements.length + engaged.size + dismissed.size === 0;
}
