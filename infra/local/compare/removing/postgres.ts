import pg from 'pg';
import { type PostgresSettings, postgresAddressOf } from '#backing/open/relational.ts';
import { checkSchema, connectionOf, serverName } from '#backing/postgres/address.ts';
import { codedError } from '#backing/postgres/errors.ts';
import type { NamesOf, Remove } from './remove.ts';

const DEADLINE_MS = 60_000;

async function connected<Value>(
  settings: Readonly<Record<string, unknown>>,
  work: (client: pg.Client) => Promise<Value>,
): Promise<Value> {
  const address = postgresAddressOf(settings as PostgresSettings);
  const client = new pg.Client({ ...connectionOf(address), query_timeout: DEADLINE_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw codedError(error, serverName(address.url));
  } finally {
    await client.end();
  }
}

export const removeSchema: Remove = async (settings) => {
  const { POSTGRES_SCHEMA } = settings as PostgresSettings;
  checkSchema(POSTGRES_SCHEMA);
  await connected(settings, (client) => client.query(`DROP SCHEMA IF EXISTS ${POSTGRES_SCHEMA} CASCADE`));
};

export const schemaNames: NamesOf = (settings) =>
  connected(settings, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT nspname AS name FROM pg_namespace');
    return rows.map(({ name }) => name);
  });
