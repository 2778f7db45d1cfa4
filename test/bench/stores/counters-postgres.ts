import type pg from 'pg';
import { additions, type Batch, gather } from '#backing/counters/batch.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { addToStored } from '#backing/profiles/stored.ts';
import { countedAt, TENANT } from '../support/events.ts';
import { bare, needs, ours, type PostgresPlace, preparedSchema } from '../support/postgres.ts';
import { calling, type StoreBench } from '../support/store-bench.ts';

const { signal } = new AbortController();
const BATCH = 1000;
const [FROM, TO] = ['2026-10-01', '2026-11-01'] as const;
/** Each side counts events of its own. */
const sides = { filled: 0, adapter: 1e9, raw: 2e9 };

const batchAt = (side: keyof typeof sides, at: number) =>
  Array.from({ length: BATCH }, (_, i) => countedAt(sides[side] + at * BATCH + i));

const column = <Row>(rows: readonly Row[], ...names: (keyof Row)[]) =>
  names.map((name) => rows.map((row) => row[name]));

/** The same work, written down plainly: what is added to what is known, and one statement after the other. */
async function count(client: pg.PoolClient, batch: Batch): Promise<void> {
  const ask = async (name: string, text: string, values: unknown[]) =>
    (await client.query({ name, text, values })).rows;
  await client.query('BEGIN');
  const people = column(batch.people, 'tenant_id', 'user_id');
  await ask(
    'lock',
    `INSERT INTO profiles (tenant_id, user_id) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET profile = excluded.profile WHERE false`,
    people,
  );
  const known = await ask(
    'known',
    'SELECT identity, content FROM identities WHERE identity = ANY ($1::text[])',
    column(batch.events, 'identity'),
  );
  const added = additions(batch, new Map(known.map((row) => [row.identity, row.content])));
  await ask(
    'remember',
    'INSERT INTO identities SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])',
    column(added.identities, 'identity', 'content', 'accepted_at'),
  );
  const kept = await ask(
    'load',
    `SELECT tenant_id, user_id, profile FROM unnest($1::text[], $2::text[]) AS person (tenant_id, user_id)
    JOIN profiles USING (tenant_id, user_id)`,
    column(added.people, 'tenant_id', 'user_id'),
  );
  const before = new Map(
    kept.map((row) => [`${row.tenant_id} ${row.user_id}`, row.profile as string | null]),
  );
  const changed = added.people.map(({ tenant_id, user_id, addition }) => {
    const profile = before.get(`${tenant_id} ${user_id}`);
    return { tenant_id, user_id, profile: addToStored(profile ?? undefined, addition) };
  });
  await ask(
    'save',
    `UPDATE profiles SET profile = new.profile
    FROM unnest($1::text[], $2::text[], $3::text[]) AS new (tenant_id, user_id, profile)
    WHERE profiles.tenant_id = new.tenant_id AND profiles.user_id = new.user_id`,
    column(changed, 'tenant_id', 'user_id', 'profile'),
  );
  await ask(
    'add',
    `INSERT INTO daily AS kept (tenant_id, day, campaign_id, type, locale, shard, count)
    SELECT tenant_id, day, campaign_id, type, locale, 0, count
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
      AS new (tenant_id, day, campaign_id, type, locale, count)
    ON CONFLICT (tenant_id, day, campaign_id, type, locale, shard)
    DO UPDATE SET count = kept.count + excluded.count`,
    column(added.counts, 'tenant_id', 'day', 'campaign_id', 'type', 'locale', 'count'),
  );
  await ask(
    'advance',
    `INSERT INTO imported AS kept SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT (tenant_id) DO UPDATE SET newest = excluded.newest WHERE excluded.newest > kept.newest`,
    column(batch.imports, 'tenant_id', 'newest'),
  );
  await client.query('COMMIT');
}

export const store: StoreBench<PostgresPlace> = {
  name: 'counters on PostgreSQL',
  needs,
  operations: [
    { name: 'apply', holds: `${BATCH} new events`, items: BATCH, clients: 1 },
    { name: 'daily', holds: 'the counts of 32 days, 11,200 rows', items: 1, clients: 1 },
  ],
  prepare: () =>
    preparedSchema(async (postgres) => {
      for (let at = 0; at < 20; at++) await postgresCounters(postgres).apply(batchAt('filled', at), signal);
    }),

  adapter: async (place) =>
    ours(place, (postgres) => {
      const counters = postgresCounters(postgres);
      return {
        apply: calling((at) => counters.apply(batchAt('adapter', at), signal)),
        daily: calling(() => counters.daily(TENANT, FROM, TO, signal)),
      };
    }),

  raw: async (place) =>
    bare(place, (pool) => {
      const daily = {
        name: 'daily',
        text: `
          SELECT campaign_id, day, type, nullif(locale, '') AS locale, sum(count)::float8 AS count
          FROM daily WHERE tenant_id = $1 AND day BETWEEN $2 AND $3
          GROUP BY day, campaign_id, type, locale ORDER BY day, campaign_id, type, locale`,
        values: [TENANT, FROM, TO],
      };
      return {
        apply: calling(async (at) => {
          const client = await pool.connect();
          await count(client, gather(batchAt('raw', at)));
          client.release();
        }),
        daily: calling(() => pool.query(daily)),
      };
    }),
};
