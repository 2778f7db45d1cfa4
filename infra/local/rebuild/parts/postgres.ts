import pg from 'pg';
import { type PostgresSettings, postgresAddressOf } from '#backing/open/relational.ts';
import { checkSchema, connectionOf, serverName } from '#backing/postgres/address.ts';
import { codedError } from '#backing/postgres/errors.ts';
import { versionSuffix } from '#contract/topics.ts';
import { migrate } from '../../../run-migrations.ts';

const DEADLINE_MS = 60_000;

/**
 * What a view has of the first version's schema, where the switches and the keys stand as well. Who was forgotten stays
 * there: it is remembered for good, and says nothing.
 */
const TABLES = ['campaigns', 'profiles', 'identities', 'daily', 'tens', 'imported'];

const schemaOf = (read: PostgresSettings, version: number) =>
  `${read.POSTGRES_SCHEMA}${versionSuffix(version)}`;

export async function prepareTables(read: PostgresSettings, version: number): Promise<void> {
  await migrate({ ...postgresAddressOf(read), schema: schemaOf(read, version) }, { direction: 'up' });
}

/** Drops a version's schema; of the first one its tables are emptied. */
export async function dropTables(read: PostgresSettings, version: number): Promise<void> {
  const address = postgresAddressOf(read);
  const schema = schemaOf(read, version);
  checkSchema(schema);
  const client = new pg.Client({
    ...connectionOf(address),
    query_timeout: DEADLINE_MS,
    application_name: 'edgewise-rebuild',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    if (version > 1) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    else await client.query(`TRUNCATE ${TABLES.map((table) => `${schema}.${table}`).join(', ')}`);
  } catch (error) {
    throw codedError(error, serverName(address.url));
  } finally {
    await client.end();
  }
}
