import pg from 'pg';
import { type PostgresSettings, postgresAddressOf } from '#backing/open/relational.ts';
import { checkSchema, connectionOf, serverName } from '#backing/postgres/address.ts';
import { codedError } from '#backing/postgres/errors.ts';
import type { Remove } from './remove.ts';

const DEADLINE_MS = 60_000;

export const removeSchema: Remove = async (settings) => {
  const read = settings as PostgresSettings;
  const address = postgresAddressOf(read);
  checkSchema(read.POSTGRES_SCHEMA);
  const client = new pg.Client({ ...connectionOf(address), query_timeout: DEADLINE_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${read.POSTGRES_SCHEMA} CASCADE`);
  } catch (error) {
    throw codedError(error, serverName(address.url));
  } finally {
    await client.end();
  }
};
