import { composite } from '#contract/ids.ts';
import { isMissingPartition } from '../postgres/errors.ts';
import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Ask } from '../postgres/statement.ts';
import { addToProfiles, lockPeople, removeEmptyProfiles } from '../profiles/postgres.ts';
import {
  additions,
  type Batch,
  type Count,
  gather,
  type Identity,
  type Import,
  type TenCount,
} from './batch.ts';
import type { Applied, Counters, DailyCount, TenMinuteCount } from './port.ts';
import { forgetPeople } from './postgres-forget.ts';
import { removeOldCounts } from './postgres-retention.ts';
import * as sql from './postgres-statements.ts';

/** The rows as columns, for `unnest`. */
function columns<Row>(rows: readonly Row[], ...names: (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}

/**
 * Counts a batch. Nothing of a person is looked at before they are locked, so that two batches with the same
 * event count it once, whichever way it came; and all batches write people, counts and imports in one order, so
 * that they never wait in a circle.
 */
async function count(ask: Ask, batch: Batch): Promise<Applied> {
  await lockPeople(ask, batch.people);
  const asked = batch.events.map(({ identity }) => identity);
  const known = await ask<Identity>(sql.KNOWN, [asked]);
  const gone = await ask<{ key: string; forgotten_at: string }>(sql.FORGOTTEN, [
    batch.people.map(({ key }) => key),
  ]);
  const forgotten = new Map(gone.map(({ key, forgotten_at }) => [key, forgotten_at]));
  const added = additions(
    batch,
    new Map(known.map(({ identity, content }) => [identity, content])),
    forgotten,
  );
  const { applied, identities, counts, tens, people } = added;
  if (identities.length > 0) {
    await ask(sql.REMEMBER, columns(identities, 'identity', 'content', 'accepted_at'));
  }
  if (people.length > 0) await addToProfiles(ask, people);
  if (gone.length > 0)
    await removeEmptyProfiles(
      ask,
      batch.people.filter(({ key }) => forgotten.has(key)),
    );
  if (counts.length > 0) {
    await ask(sql.ADD, columns(counts, 'tenant_id', 'day', 'campaign_id', 'type', 'locale', 'count'));
  }
  if (tens.length > 0) {
    await ask(sql.ADD_TENS, columns(tens, 'tenant_id', 'ten', 'campaign_id', 'type', 'count'));
  }
  if (batch.imports.length > 0) await ask(sql.ADVANCE, columns(batch.imports, 'tenant_id', 'newest'));
  return applied;
}

/** Counters in PostgreSQL; profiles are merged in the same transaction. */
export function postgresCounters(postgres: Postgres): Counters {
  return {
    async apply(events, signal) {
      signal.throwIfAborted();
      const batch = gather(events);
      const apply = () => postgres.transaction((ask) => count(ask, batch), { signal });
      try {
        return await apply();
      } catch (error) {
        if (!isMissingPartition(error)) throw error;
        for (const month of batch.months) {
          await postgres.transaction((ask) => ask(sql.MAKE_PARTITION, [month]), { signal });
        }
        return await apply();
      }
    },
    forget: (people, signal) => forgetPeople(postgres, people, signal),
    async daily(tenant_id, from_day, to_day, signal) {
      return await postgres.query<DailyCount>(sql.DAILY, [tenant_id, from_day, to_day], signal);
    },
    async tens(tenant_id, from_ten, to_ten, signal) {
      return await postgres.query<TenMinuteCount>(sql.TENS, [tenant_id, from_ten, to_ten], signal);
    },
    async newestImported(tenant_id, signal) {
      const [row] = await postgres.query<Import>(sql.NEWEST, [tenant_id], signal);
      return row?.newest ?? null;
    },
    removeBefore: (old, signal) => removeOldCounts(postgres, old, signal),
    dump() {
      return postgres.snapshot(async function* (ask) {
        type Summed = Count & { count: string };
        const dayKey = (r: Summed) => [r.tenant_id, r.day, r.campaign_id, r.type, r.locale];
        for await (const row of pages<Summed>(ask, sql.DAILY_PAGE, dayKey, 5)) {
          yield `${composite('daily', ...dayKey(row))} ${row.count}`;
        }
        type Gone = { key: string; forgotten_at: string };
        for await (const row of pages<Gone>(ask, sql.FORGOTTEN_PAGE, (r) => [r.key], 1)) {
          yield `${composite('forgotten', row.key)} ${row.forgotten_at}`;
        }
        for await (const row of pages<Identity>(ask, sql.IDENTITY_PAGE, (r) => [r.identity], 1)) {
          yield `${composite('identity', row.identity)} ${row.content}`;
        }
        for await (const row of pages<Import>(ask, sql.IMPORTED_PAGE, (r) => [r.tenant_id], 1)) {
          yield `${composite('imported', row.tenant_id)} ${row.newest}`;
        }
        type SummedTen = TenCount & { count: string };
        const tenKey = (r: SummedTen) => [r.tenant_id, r.ten, r.campaign_id, r.type];
        for await (const row of pages<SummedTen>(ask, sql.TENS_PAGE, tenKey, 4)) {
          yield `${composite('ten', ...tenKey(row))} ${row.count}`;
        }
      });
    },
  };
}
