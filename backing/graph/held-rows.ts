import { LRUCache } from 'lru-cache';
import { composite } from '#contract/ids.ts';

/** Members of a set, newest first: on which day, and what they lead to. */
export type Newest = { day: string; id: string }[];

type Held<Row> = { from_day: string; to_day: string; rows: readonly Row[] };

/** A third of what is held of a graph: people's engagements, those with campaigns, and whom people reply to. */
const BUDGET_BYTES = Math.floor((64 * 2 ** 20) / 3);
/** About what a row takes, and what holding any takes. */
const [ROW_BYTES, HELD_BYTES] = [160, 300];

/**
 * Rows as last read, in memory within a budget, for a database that nobody else writes: whoever adds to a set takes it
 * out. The same people are met again and again on the way to campaigns, and most are read for each.
 */
export function heldRows<Row>(
  read: (tenant_id: string, of: string, from_day: string, to_day: string) => readonly Row[],
) {
  const held = new LRUCache<string, Held<Row>>({
    maxSize: BUDGET_BYTES,
    sizeCalculation: ({ rows }) => HELD_BYTES + ROW_BYTES * rows.length,
  });
  return {
    of(tenant_id: string, of: string, from_day: string, to_day: string): readonly Row[] {
      const key = composite(tenant_id, of);
      const known = held.get(key);
      if (known && known.from_day === from_day && known.to_day === to_day) return known.rows;
      const rows = read(tenant_id, of, from_day, to_day);
      held.set(key, { from_day, to_day, rows });
      return rows;
    },
    changed: (tenant_id: string, of: string) => void held.delete(composite(tenant_id, of)),
    isEmpty: () => held.size === 0,
    clear: () => held.clear(),
  };
}
