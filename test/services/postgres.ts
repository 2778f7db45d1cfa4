import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { onTestFinished, vi } from 'vitest';
import { openPostgres, type Postgres, type PostgresSettings } from '#backing/postgres/open.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { onService } from './on-service.ts';

const url = process.env['POSTGRES_URL'];

/** The address of the server that tests run on. Throws where there is none. */
export function postgresUrl(): string {
  if (url) return url;
  throw new Error('POSTGRES_URL is not set: run npm run services -- up postgres, and set it as that says');
}

/** Registers tests that need PostgreSQL. */
export function onPostgres(register: () => void): void {
  onService({ name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' }, register);
}

/** A connection that is none of those under test, closed when the test has finished. */
export async function bystander(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgresUrl(), application_name: 'bystander' });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** What the server says of the connections with a name: their state, and whether they wait for a lock. */
export async function activity(by: pg.Client, application_name: string) {
  // In a transaction the server would say again what it said first.
  await by.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await by.query<{ pid: number; state: string; waits_for_lock: boolean }>(
    `SELECT pid, state, wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits_for_lock
    FROM pg_stat_activity WHERE application_name = $1`,
    [application_name],
  );
  return rows;
}

/** The server's numbers of the connections with a name that wait for a lock, once there are so many. */
export async function waitingForLock(by: pg.Client, application_name: string, many = 1): Promise<number[]> {
  return await vi.waitFor(
    async () => {
      const waiting = (await activity(by, application_name)).filter(({ waits_for_lock }) => waits_for_lock);
      if (waiting.length < many) throw new Error(`${waiting.length} wait for a lock, not ${many}`);
      return waiting.map(({ pid }) => pid);
    },
    { timeout: 30_000, interval: 5 },
  );
}

/** The name of a schema that no other test has, dropped when the test has finished. */
export function newSchema(): string {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  onTestFinished(async () => {
    const client = new pg.Client({ connectionString: postgresUrl() });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  });
  return schema;
}

/** A pool on a schema, closed when the test has finished. Each has a name by which the server's lists know it. */
export function poolOn(schema: string, settings: Partial<PostgresSettings> = {}) {
  const application_name = `test-${randomUUID()}`;
  const reports: Readonly<Record<string, unknown>>[] = [];
  const report = (line: Readonly<Record<string, unknown>>) => void reports.push(line);
  const postgres = openPostgres({ url: postgresUrl(), schema, application_name, report, ...settings });
  onTestFinished(() => postgres.close());
  return { postgres, application_name, reports };
}

/** Empty tables in a schema of their own. */
export async function migratedSchema(): Promise<string> {
  const schema = newSchema();
  await migrate({ url: postgresUrl(), schema }, { direction: 'up' });
  return schema;
}

/** A proxy before the server, closed when the test has finished, and the address that leads through it. */
export async function throughProxy() {
  const url = new URL(postgresUrl());
  const proxy = await faultProxy({ host: url.hostname, port: Number(url.port || 5432) });
  onTestFinished(() => proxy.close());
  url.host = `127.0.0.1:${proxy.port}`;
  return { proxy, url: url.href };
}

/** A pool on empty tables. */
export async function emptyPostgres(): Promise<Postgres> {
  return poolOn(await migratedSchema()).postgres;
}
