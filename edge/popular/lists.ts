import * as v from 'valibot';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import { Recommendations } from '#contract/recommendation.ts';
import { Lru } from '../cache/lru.ts';
import { inTime, LATE } from '../in-time.ts';
import { type Log, traceOf } from '../log.ts';

/** Raised when the shape of a list changes. */
const LIST_FORMAT = 1;
const PopularList = v.strictObject({
  format: v.literal(LIST_FORMAT),
  published_ms: v.number(),
  items: Recommendations.entries.items,
});
type PopularList = v.InferOutput<typeof PopularList>;

/** Whose list, for which place and language. `locale` null is for who names none. */
export type Audience = { tenant_id: string; placement: string; locale: string | null };

/** A list stays for a day after it was last published: the longest that an origin is down. */
const LIFE_S = 24 * 3600;
const PATIENCE_MS = 250;
/** How long a list is remembered here, and by KV in the data centre. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 64;

/** The lists of what is popular, kept at the edge for when the origin fails. */
export type PopularLists = {
  /** The list last published; null where there is none, or it cannot be had in time. */
  read(audience: Audience): Promise<PopularList | null>;
  /** Rejects where it could not be written. */
  publish(audience: Audience, items: PopularList['items']): Promise<void>;
};

function keyOf({ tenant_id, placement, locale }: Audience): string {
  return composite(LIST_FORMAT, 'popular', tenant_id, placement, locale);
}

function listOf(text: string | null): PopularList | null {
  if (text === null) return null;
  const { success, output } = v.safeParse(v.pipe(v.string(), v.parseJson(), PopularList), text);
  return success ? output : null;
}

/** The lists in Workers KV, which is there in every data centre, and seconds to a minute behind. */
export function popularLists({
  kv,
  clock,
  log,
}: {
  kv: Pick<KVNamespace, 'get' | 'put'>;
  clock: Clock;
  log: Log;
}): PopularLists {
  const remembered = new Lru<{ list: PopularList | null; at_ms: number }>({
    most: MOST_REMEMBERED,
  });

  return {
    async read(audience) {
      const key = keyOf(audience);
      const known = remembered.get(key);
      const age_ms = known ? clock() - known.at_ms : REMEMBERED_MS;
      if (known && age_ms >= 0 && age_ms < REMEMBERED_MS) return known.list;
      try {
        const text = await inTime(kv.get(key, { cacheTtl: REMEMBERED_MS / 1000 }), PATIENCE_MS);
        if (text === LATE) throw new Error('KV is late');
        const list = listOf(text);
        remembered.set(key, { list, at_ms: clock() });
        return list;
      } catch (error) {
        log({ level: 'warn', event: 'popular_unknown', ...traceOf(error) });
        return known?.list ?? null;
      }
    },

    async publish(audience, items) {
      const list: PopularList = { format: LIST_FORMAT, published_ms: clock(), items };
      await kv.put(keyOf(audience), JSON.stringify(list), { expirationTtl: LIFE_S });
    },
  };
}
