import { openPostgres, type Postgres, type PostgresSettings } from './open.ts';

/** The schema has no tables of ours. */
class NotMigrated extends Error {
  readonly code = 'not_migrated';
  readonly retryable = false;
}

const THERE = { name: 'postgres.reach', text: `SELECT to_regclass('campaigns') IS NOT NULL AS there` };

/** Opens a pool, and rejects where the server cannot be reached or the schema was never migrated. */
export async function reachPostgres(settings: PostgresSettings): Promise<Postgres> {
  const postgres = openPostgres(settings);
  try {
    const [row] = await postgres.query<{ there: boolean }>(THERE, [], AbortSignal.timeout(5_000));
    if (!row?.there)
      throw new NotMigrated(`the schema ${settings.schema} is empty: run npm run migrate -- up`);
    return postgres;
  } catch (error) {
    await postgres.close();
    throw error;
  }
}
