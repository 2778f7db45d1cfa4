import type { Campaign } from '#contract/campaign.ts';
import type { Event } from '#contract/event.ts';
import { makeCampaigns } from './campaigns.ts';
import { converse, type Draft } from './conversations.ts';
import { ADA, makePeople } from './people.ts';
import { type Random, seededRandom } from './random.ts';
import { visit } from './visits.ts';

const DAYS = 30;
const DAY_MS = 24 * 3600_000;

export type Simulation = {
  seed: number;
  /** All that happens ends here. */
  now_ms: number;
  people?: number;
  conversations?: number;
  visits?: number;
};

/**
 * A tenant that never was: people with interests, what they said to each other in the last 30 days, what they
 * were shown, opened, took and waved away. The same options give the same campaigns and events, the events in
 * the order of their moments. `person` is somebody of whom much is known.
 */
export function simulateTenant({
  seed,
  now_ms,
  people: count = 300,
  conversations = 1050,
  visits = 850,
}: Simulation): { campaigns: Campaign[]; events: Event[]; person: string } {
  const random = seededRandom(seed);
  const people = makePeople(count, random);
  const campaigns = makeCampaigns(now_ms);
  const drafts: Draft[] = [];
  for (let left = conversations; left > 0; left--) {
    drafts.push(...converse(people, moment(now_ms, random), now_ms, random));
  }
  for (let number = 1; number <= visits; number++) {
    drafts.push(...visit(people, { campaigns, at_ms: moment(now_ms, random), now_ms, number, random }));
  }
  return { campaigns, events: named(drafts), person: ADA };
}

/** A moment of the last days, oftener a recent one, and seldom in the night. */
function moment(now_ms: number, random: Random): number {
  for (;;) {
    const age = random.next();
    const at_ms = Math.floor(now_ms - DAYS * DAY_MS * age * (0.6 + 0.4 * age));
    const hour = new Date(at_ms).getUTCHours();
    if (random.chance(hour < 6 ? 0.1 : hour < 17 ? 0.7 : 1)) return at_ms;
  }
}

/** Drafts in the order of their moments, with ids that follow it. */
function named(drafts: Draft[]): Event[] {
  drafts.sort((a, b) => a.at_ms - b.at_ms);
  const ids = new Map(drafts.map((draft, at) => [draft, `sim-${String(at + 1).padStart(6, '0')}`]));
  return drafts.map((draft) => {
    const answered = draft.reply_to && ids.get(draft.reply_to);
    const event = { message_id: ids.get(draft), ...draft.event, ...(answered ? { reply_to: answered } : {}) };
    return event as Event;
  });
}
