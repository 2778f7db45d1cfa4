import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { checkSchema, connectionOf, type PostgresAddress, serverName } from '#backing/postgres/address.ts';
import { codedError } from '#backing/postgres/errors.ts';

export type Target = PostgresAddress & {
  /** Made if it is not there. What it has been given is written in its table `pgmigrations`. */
  schema: string;
  /** The folder of migrations; ours, unless told. */
  folder?: string;
};

const FOLDER = join(import.meta.dirname, 'migrations');
const TABLE = 'pgmigrations';
/** Others may be migrating; and a lock on a table is not waited for while all its writers wait behind. */
const LOCK_TIMEOUT_MS = 30_000;

/** The client is closed when `run` is done. */
async function connected<T>(
  { schema, ...address }: Target,
  run: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const server = serverName(address.url);
  checkSchema(schema);
  const client = new pg.Client({
    ...connectionOf(address),
    application_name: 'edgewise-migrate',
    connectionTimeoutMillis: 5_000,
    lock_timeout: LOCK_TIMEOUT_MS,
  });
  // One that is lost fails what is asked next; unheard, it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await run(client);
  } catch (error) {
    throw codedError(error, server);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Brings a schema up to the newest migration, or takes back the last `count`, all in one transaction, while
 * nobody else migrates in that database. The names of those that ran, in their order.
 */
export async function migrate(
  target: Target,
  change: { direction: 'up' } | { direction: 'down'; count: number },
): Promise<string[]> {
  const { schema, folder = FOLDER } = target;
  const ran = await connected(target, (dbClient) =>
    runner({
      dbClient,
      schema,
      createSchema: true,
      dir: folder,
      migrationsTable: TABLE,
      advisoryLockMode: 'wait',
      singleTransaction: true,
      logger: { info() {}, warn() {}, error() {} },
      ...change,
    }),
  );
  return ran.map(({ name }) => name);
}

export type Migration = { name: string; applied_at: Date | null };

/** Every migration there is, in order, and when it was applied. Changes nothing. */
export async function migrations(target: Target): Promise<Migration[]> {
  const { schema, folder = FOLDER } = target;
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const rows = await connected(target, async (client): Promise<{ name: string; run_on: Date }[]> => {
    const table = `${schema}.${TABLE}`;
    const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    return found[0].there ? (await client.query(`SELECT name, run_on FROM ${table}`)).rows : [];
  });
  const applied = new Map(rows.map(({ name, run_on }) => [name, run_on]));
  return files.map((file) => {
    const name = file.replace(/\.sql$/, '');
    return { name, applied_at: applied.get(name) ?? null };
  });
}
