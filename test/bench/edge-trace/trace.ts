import * as v from 'valibot';
import { Event } from '#contract/event.ts';
import { openRecords } from '../../../infra/local/files/records.ts';
import { simulateTenant } from '../../../infra/local/simulated/tenant.ts';

/** What is done at a moment: a person's app posts an event or asks what fits, or their tenant changes a campaign. */
export type Moment = { at_ms: number } & (
  | { does: 'post'; user_id: string; type: Event['type'] }
  | { does: 'ask'; user_id: string; placement: string }
  | { does: 'change' }
);

/** When an app asks, beside what every app does: while its person looks on, again so often, or as others go on talking. */
export type App = { name: string; again_ms: number | null; with_others: boolean };

const SIMULATED = { seed: 1, people: 600, conversations: 3_000, visits: 2_400 };

/** Of a longer file the newest, so that all distances take minutes. */
const MOST = 20_000;

/** Who has done nothing for so long comes anew, and so long before they do something: they read before they write. */
const [AWAY_MS, READS_MS] = [10 * 60_000, 30_000];
/** A list is shown so long before the first of it is seen, and again so long after its person has done something. */
const [BEFORE_MS, AFTER_MS] = [1_000, 2_000];
/** For so long after they did something they look on; what others say shows the list again, but not oftener than this. */
const [LOOKS_ON_MS, OTHERS_MS] = [120_000, 10_000];
const LOOKED_AFTER_MS = 500;
const CHANGE_MS = 3600_000;

type Happened = {
  at_ms: number;
  user_id: string;
  type: Event['type'];
  placement: string;
  channel: string | null;
  /** Which list was looked at. */
  list: string | null;
};

function happened(event: Event): Happened {
  const { occurred_at, user_id, type } = event;
  const about = { at_ms: Date.parse(occurred_at), user_id, type };
  if (event.type === 'message')
    return { ...about, placement: 'discover', channel: event.channel ?? null, list: null };
  const { placement, recommendation_id } = event;
  return { ...about, placement: placement ?? 'discover', channel: null, list: recommendation_id ?? null };
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

/**
 * The moments of a trace, in their order. What happened is posted. Every app asks as its person comes (in the placement of
 * what they do then), as a list is shown that they are known to have looked at, and 2 s after whatever they did but look; and
 * posts an impression of each answer. The tenant changes a campaign every hour.
 */
export function momentsOf(all: readonly Happened[], { again_ms, with_others }: App): Moment[] {
  const moments: Moment[] = [];
  const lists = new Set<string>();
  const last = new Map<string, number>();
  /** Who looks on at a channel: until when, and when the list was last shown for what others say. */
  const onlookers = new Map<string, Map<string, { until_ms: number; shown_ms: number }>>();
  const next = nextOf(all);

  function ask(at_ms: number, user_id: string, placement: string) {
    moments.push({ does: 'ask', at_ms, user_id, placement });
    moments.push({ does: 'post', at_ms: at_ms + LOOKED_AFTER_MS, user_id, type: 'impression' });
  }

  for (const [place, { at_ms, user_id, type, placement, channel, list }] of all.entries()) {
    moments.push({ does: 'post', at_ms, user_id, type });
    const before_ms = last.get(user_id) ?? Number.NEGATIVE_INFINITY;
    last.set(user_id, at_ms);
    const shown = type === 'impression' && list !== null;
    if (shown && !lists.has(list)) ask(at_ms - BEFORE_MS, user_id, placement);
    else if (at_ms - before_ms > AWAY_MS) ask(at_ms - READS_MS, user_id, placement);
    if (list !== null) lists.add(list);
    if (type === 'impression') continue;

    ask(at_ms + AFTER_MS, user_id, placement);
    const until_ms = Math.min(next[place] as number, at_ms + LOOKS_ON_MS);
    for (
      let again = at_ms + AFTER_MS + (again_ms ?? LOOKS_ON_MS);
      again < until_ms;
      again += again_ms ?? LOOKS_ON_MS
    )
      ask(again, user_id, placement);
    if (!with_others || channel === null) continue;
    const there = onlookers.get(channel) ?? new Map();
    onlookers.set(channel, there);
    for (const [other, looks] of there) {
      if (at_ms >= looks.until_ms) there.delete(other);
      else if (other !== user_id && at_ms - looks.shown_ms >= OTHERS_MS) {
        looks.shown_ms = at_ms;
        ask(at_ms, other, 'discover');
      }
    }
    there.set(user_id, { until_ms: at_ms + LOOKS_ON_MS, shown_ms: at_ms });
  }

  const [first, end] = [all[0]?.at_ms ?? 0, all.at(-1)?.at_ms ?? 0];
  for (let at_ms = first; at_ms < end; at_ms += CHANGE_MS) moments.push({ does: 'change', at_ms });
  return moments.sort((a, b) => a.at_ms - b.at_ms);
}

/** When each one's person does something next; never, where they do not. */
function nextOf(all: readonly Happened[]): number[] {
  const soonest = new Map<string, number>();
  const next: number[] = [];
  for (const [place, { user_id, at_ms }] of [...all.entries()].reverse()) {
    next[place] = soonest.get(user_id) ?? Number.POSITIVE_INFINITY;
    soonest.set(user_id, at_ms);
  }
  return next;
}
