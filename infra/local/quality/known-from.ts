import type { Event } from '#contract/event.ts';
import { isEngagement } from '#contract/event.ts';

/**
 * The moment by which all had come true that is the truth about somebody: nobody could learn of it earlier. Who is asked
 * about by `moments`; left out is whose truth the events do not have.
 */
export function knownFrom(
  events: readonly Event[],
  moments: ReadonlyMap<string, string>,
  truth: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, string> {
  const firsts = new Map<string, Map<string, string>>();
  for (const event of events) {
    if (!isEngagement(event)) continue;
    const { user_id, campaign_id, occurred_at } = event;
    const asked = moments.get(user_id);
    if (asked === undefined || occurred_at < asked || !truth.get(user_id)?.has(campaign_id)) continue;
    const own = firsts.get(user_id) ?? new Map<string, string>();
    firsts.set(user_id, own);
    const before = own.get(campaign_id);
    if (before === undefined || occurred_at < before) own.set(campaign_id, occurred_at);
  }
  return new Map(
    [...firsts]
      .filter(([user_id, own]) => own.size === truth.get(user_id)?.size)
      .map(([user_id, own]) => [user_id, [...own.values()].sort().at(-1) as string]),
  );
}
