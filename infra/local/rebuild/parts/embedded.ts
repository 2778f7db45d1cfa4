import { catalogueSchema } from '#backing/catalogue/embedded.ts';
import { countersSchema } from '#backing/counters/embedded.ts';
import { profilesSchema } from '#backing/profiles/embedded.ts';
import { openDatabase, transaction } from '#backing/sqlite.ts';

/** The tables of the counters, as their schemas name them. */
const TABLES = [catalogueSchema, countersSchema, profilesSchema].flatMap((schema) =>
  [...schema.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)].flatMap(([, name]) => name ?? []),
);

/** Empties the first version's tables. The file stays: it has the switches as well, which are no view. */
export async function emptyCounters(file: string): Promise<void> {
  const schema = [catalogueSchema, countersSchema, profilesSchema].join(';');
  const db = openDatabase(file, { synchronous: 'full', schema });
  try {
    transaction(db, () => {
      for (const table of TABLES) db.exec(`DELETE FROM ${table}`);
    });
  } finally {
    db.close();
  }
}
