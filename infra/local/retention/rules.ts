import { tenOf } from '#backing/counters/port.ts';
import { AHEAD_MS, BEHIND_MS } from '#contract/limits.ts';
import { Mendable } from '../terminal/mendable.ts';

const DAY_MS = 24 * 3600_000;
const days = (ms: number) => Math.ceil(ms / DAY_MS);

/** How long what is kept: the one configuration of retention. */
export type Kept = {
  /** Nothing goes so long after it was accepted, however long ago it occurred. */
  accepted_days: number;
  /** Messages' vectors, by the month they occurred in. */
  message_months: number;
  /** Edges of the graph, by their day. */
  edge_days: number;
  /** Identities of what was counted, by when it was accepted. */
  identity_days: number;
  /** Counts by ten minutes. */
  ten_days: number;
};

/** What holds where nothing else is asked for. */
export const USUAL: Kept = {
  accepted_days: 30,
  message_months: 12,
  edge_days: 180,
  identity_days: 120,
  ten_days: 150,
};

/**
 * The least of each. A live event may occur `BEHIND_MS` before it is accepted: until then a twin of it could still
 * come, and its ten minutes are no older than that. Answers look at a month of edges, and at two months of messages.
 */
const LEAST: Kept = {
  accepted_days: 30,
  message_months: 3,
  edge_days: 31,
  identity_days: days(BEHIND_MS + AHEAD_MS),
  ten_days: days(BEHIND_MS) + 30,
};

/** What is old at a moment. Throws Mendable where less would be kept than has to be. */
export function oldAt(now_ms: number, kept: Kept) {
  for (const [name, least] of Object.entries(LEAST) as [keyof Kept, number][])
    if (!(Number.isSafeInteger(kept[name]) && kept[name] >= least)) {
      const option = `--${name.replace('_', '-')}`;
      throw new Mendable(`${option} should be a whole number, and no less than ${least}`);
    }
  const ago = (count: number) => new Date(now_ms - count * DAY_MS).toISOString();
  const [now, accepted_before] = [new Date(now_ms), ago(kept.accepted_days)];
  const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - kept.message_months, 1);
  const tens_before_ms = now_ms - Math.max(kept.ten_days * DAY_MS, BEHIND_MS + kept.accepted_days * DAY_MS);
  return {
    messages: { month: new Date(first).toISOString().slice(0, 7), accepted_before },
    edges: { day: ago(kept.edge_days).slice(0, 10), accepted_before },
    counts: {
      accepted_before_month: ago(Math.max(kept.identity_days, kept.accepted_days)).slice(0, 7),
      before_ten: tenOf(tens_before_ms),
    },
  };
}
