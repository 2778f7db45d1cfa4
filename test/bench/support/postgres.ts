import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { openPostgres, type Postgres } from '#backing/postgres/open.ts';
import { migrate } from '../../../infra/run-migrations.ts';
import { type Side, variable } from './store-bench.ts';

/** As many as an operation has clients, at the most. */
const CONNECTIONS = 8;

export type PostgresPlace = { schema: string };
export const needs = [{ variable: 'POSTGRES_URL', up: 'postgres' }];

/** A schema of its own with empty tables, filled by `fill`; gone once it is removed. */
export async function preparedSchema(fill: (postgres: Postgres) => Promise<void>) {
  const [url, schema] = [variable('POSTGRES_URL'), `bench_${randomUUID().replaceAll('-', '')}`];
  await migrate({ url, schema }, { direction: 'up' });
  const postgres = pooled({ schema });
  await fill(postgres);
  await postgres.close();
  return {
    place: { schema },
    async remove() {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    },
  };
}

function pooled({ schema }: PostgresPlace): Postgres {
  const report = (line: object) => console.error(JSON.stringify(line));
  const url = variable('POSTGRES_URL');
  return openPostgres({ url, schema, application_name: 'bench', connections: CONNECTIONS, report });
}

/** The adapter's side over a pool as the tiers have it. */
export function ours(place: PostgresPlace, work: (postgres: Postgres) => Side['work']): Side {
  const postgres = pooled(place);
  return { work: work(postgres), close: () => postgres.close() };
}

/** The raw side over a pool of `pg` as it comes, with the deadlines that nobody goes without. */
export function bare({ schema }: PostgresPlace, work: (pool: pg.Pool) => Side['work']): Side {
  const pool = new pg.Pool({
    connectionString: variable('POSTGRES_URL'),
    max: CONNECTIONS,
    connectionTimeoutMillis: 3_000,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    options: `-c search_path=${schema}`,
  });
  return { work: work(pool), close: () => pool.end() };
}
