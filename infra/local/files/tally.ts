import type { Line } from './split-lines.ts';

type Known = { engagements: number; campaigns: Set<string> };

/** How many people are counted at most; more would only fill the memory. */
const MOST_PEOPLE = 200_000;
const ENGAGING = new Set(['message', 'click', 'conversion']);
/** An answer has so many items, if there are as many that the person has not met. */
const ANSWER = 10;

/** Counts who does what in events that were accepted, to name somebody of whom much is known. */
export type Tally = {
  note(lines: readonly Line[]): void;
  /** The person with the most engagements who has not met nearly everything yet; null where nobody has any. */
  person(): string | null;
};

export function tally(): Tally {
  const people = new Map<string, Known>();
  const campaigns = new Set<string>();
  return {
    note(lines) {
      for (const { bytes } of lines) {
        const event = bytes && (JSON.parse(bytes.toString('utf8')) as Told);
        if (!event || !ENGAGING.has(event.type) || !event.campaign_id) continue;
        campaigns.add(event.campaign_id);
        const known = people.get(event.user_id) ?? { engagements: 0, campaigns: new Set() };
        known.engagements += 1;
        known.campaigns.add(event.campaign_id);
        if (people.size < MOST_PEOPLE) people.set(event.user_id, known);
      }
    },
    person() {
      const ranked = [...people].sort(([, a], [, b]) => b.engagements - a.engagements);
      const open = ranked.find(([, known]) => known.campaigns.size + ANSWER <= campaigns.size);
      return (open ?? ranked[0])?.[0] ?? null;
    },
  };
}

type Told = { user_id: string; campaign_id?: string | null; type: string };
