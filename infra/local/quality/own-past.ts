import type { Event } from '#contract/event.ts';
import { isEngagement } from '#contract/event.ts';
import type { Question } from './past-question.ts';

/** Who met fewer campaigns, or engaged less often, tells too little. */
const LEAST_MET = 5;
const LEAST_ENGAGEMENTS = 10;
const NEXT_ENGAGEMENTS = 10;

type Asked = Question & { truth: readonly string[] };

type Engagement = { moment: string; campaign_id: string };

/** The moment at which the last campaign but one was new to somebody, and the two that were new last. */
function lastNew(own: readonly Engagement[]): Omit<Asked, 'user_id'> | null {
  const first = new Map<string, string>();
  for (const { moment, campaign_id } of own) if (!first.has(campaign_id)) first.set(campaign_id, moment);
  if (first.size < LEAST_MET) return null;
  const [before, last] = [...first].slice(-2) as [[string, string], [string, string]];
  return { moment: before[1], truth: [before[0], last[0]] };
}

/** The moment after four fifths of what somebody did, and what came then. */
function lastFifth(own: readonly Engagement[]): Omit<Asked, 'user_id'> | null {
  if (own.length < LEAST_ENGAGEMENTS) return null;
  const { moment } = own[Math.floor((own.length * 4) / 5)] as Engagement;
  const next = own.filter((one) => one.moment >= moment).slice(0, NEXT_ENGAGEMENTS);
  return { moment, truth: [...new Set(next.map(({ campaign_id }) => campaign_id))] };
}

/**
 * Questions from a tenant's own past, with what came true: of a placement that welcomes repeats, what somebody turned to after
 * four fifths of their past; of another, the last two campaigns that were new to them. At most so many people, spread evenly
 * over all by their ids.
 */
export function questionsOfPast(
  events: readonly Event[],
  { repeats, people }: { repeats: boolean; people: number },
): { questions: Question[]; truth: ReadonlyMap<string, ReadonlySet<string>> } {
  const owned = new Map<string, Engagement[]>();
  for (const event of events) {
    if (!isEngagement(event)) continue;
    const { user_id, occurred_at: moment, campaign_id } = event;
    const own = owned.get(user_id);
    if (own) own.push({ moment, campaign_id });
    else owned.set(user_id, [{ moment, campaign_id }]);
  }
  const all = [...owned]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([user_id, own]) => {
      own.sort((a, b) => (a.moment < b.moment ? -1 : a.moment > b.moment ? 1 : 0));
      const asked = repeats ? lastFifth(own) : lastNew(own);
      return asked ? [{ user_id, ...asked }] : [];
    });
  const step = Math.max(1, all.length / people);
  const some = Array.from(
    { length: Math.min(people, all.length) },
    (_, i) => all[Math.floor(i * step)] as Asked,
  );
  return {
    questions: some.map(({ user_id, moment }) => ({ user_id, moment })),
    truth: new Map(some.map(({ user_id, truth }) => [user_id, new Set(truth)])),
  };
}
