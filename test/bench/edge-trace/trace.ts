import * as v from 'valibot';
import { Event } from '#contract/event.ts';
import { openRecords } from '../../../infra/local/files/records.ts';
import { simulateTenant } from '../../../infra/local/simulated/tenant.ts';

/** What a person's app does at a moment: it posts an event, or asks what fits. */
export type Moment = { at_ms: number; user_id: string } & (
  | { does: 'post'; type: Event['type'] }
  | { does: 'ask'; placement: string }
);

/** How an app asks: so long after each event of its person, and again so often while they look on. */
export type Habit = { name: string; after_ms: number; again_ms: number; looks_on_ms: number };

const SIMULATED = { seed: 1, people: 600, conversations: 3_000, visits: 2_400 };

/** Of a longer file the newest, so that all distances take minutes. */
const MOST = 40_000;

type Happened = { at_ms: number; user_id: string; type: Event['type']; placement: string };

function happened({ occurred_at, user_id, type, ...event }: Event): Happened {
  const placement = 'placement' in event ? (event.placement ?? 'discover') : 'discover';
  return { at_ms: Date.parse(occurred_at), user_id, type, placement };
}

/** The newest events of a file in the order of their moments; the simulated tenant's where none is named. */
export async function happenings(file: string | undefined, now_ms: number): Promise<Happened[]> {
  if (file === undefined) return simulateTenant({ ...SIMULATED, now_ms }).events.map(happened);
  const all: Happened[] = [];
  for await (const lines of (await openRecords(file)).lines()) {
    for (const { number, bytes } of lines) {
      const { success, output } = v.safeParse(Event, bytes && JSON.parse(bytes.toString()));
      if (!success) throw new Error(`Line ${number} of ${file} is no event`);
      all.push(happened(output));
    }
  }
  return all.sort((a, b) => a.at_ms - b.at_ms).slice(-MOST);
}

/** The moments of a trace, in their order: what happened is posted, and asked about by habit until the person's next event. */
export function momentsOf(all: readonly Happened[], habit: Habit): Moment[] {
  const next = new Map<string, number>();
  const moments: Moment[] = [];
  for (const { at_ms, user_id, type, placement } of all.toReversed()) {
    const until_ms = Math.min(next.get(user_id) ?? Number.POSITIVE_INFINITY, at_ms + habit.looks_on_ms);
    next.set(user_id, at_ms);
    moments.push({ does: 'post', at_ms, user_id, type });
    const ask = (asked_ms: number) =>
      moments.push({ does: 'ask', at_ms: asked_ms, user_id, placement }, ...shown(asked_ms, user_id));
    ask(at_ms + habit.after_ms);
    for (
      let again_ms = at_ms + habit.after_ms + habit.again_ms;
      again_ms < until_ms;
      again_ms += habit.again_ms
    )
      ask(again_ms);
  }
  return moments.sort((a, b) => a.at_ms - b.at_ms);
}

const LOOKED_AFTER_MS = 500;

/** What an app tells once it shows an answer. */
const shown = (at_ms: number, user_id: string): Moment[] => [
  { does: 'post', at_ms: at_ms + LOOKED_AFTER_MS, user_id, type: 'impression' },
];
