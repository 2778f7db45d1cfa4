import { catalogueSchema, embeddedCatalogue } from '../catalogue/embedded.ts';
import type { Catalogue } from '../catalogue/port.ts';
import { postgresCatalogue } from '../catalogue/postgres.ts';
import { countersSchema, embeddedCounters } from '../counters/embedded.ts';
import type { Counters } from '../counters/port.ts';
import { postgresCounters } from '../counters/postgres.ts';
import type { PostgresAddress } from '../postgres/address.ts';
import { reachPostgres } from '../postgres/reach.ts';
import { embeddedProfiles, profilesSchema } from '../profiles/embedded.ts';
import type { Profiles } from '../profiles/port.ts';
import { postgresProfiles } from '../profiles/postgres.ts';
import { type Read, setting } from '../settings.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { type Closable, embedded, port, shared } from './port.ts';

/** Three ports, one database: counters and profiles are written in one transaction. */
export type Relational = Closable & {
  catalogue: Catalogue;
  counters: Counters;
  profiles: Profiles;
};

/** The embedded ones, in one file. */
export function openRelational(
  file: string,
  synchronous: DatabaseOptions['synchronous'],
): Relational & { close(): void } {
  const schema = [catalogueSchema, countersSchema, profilesSchema].join(';');
  const db = openDatabase(file, { synchronous, schema });
  const profiles = embeddedProfiles(db);
  return {
    catalogue: embeddedCatalogue(db),
    counters: embeddedCounters(db, profiles),
    profiles: profiles.profiles,
    close: () => db.close(),
  };
}

/** What is known of the server from the environment. */
export const postgresSettings = {
  POSTGRES_URL: setting.postgres_url,
  POSTGRES_PASSWORD: setting.postgres_password,
  POSTGRES_CA: setting.postgres_ca,
  POSTGRES_SCHEMA: setting.postgres_schema,
} as const;
export type PostgresSettings = Read<typeof postgresSettings>;

/** The server's address, by what was read. */
export function postgresAddressOf(read: PostgresSettings): PostgresAddress {
  return { url: read.POSTGRES_URL, password: read.POSTGRES_PASSWORD, ca: read.POSTGRES_CA };
}

const postgres = shared({
  settings: postgresSettings,
  async open(read, { application, report, suffix }): Promise<Relational> {
    const opened = await reachPostgres({
      ...postgresAddressOf(read),
      schema: `${read.POSTGRES_SCHEMA}${suffix}`,
      application_name: application,
      report,
    });
    return {
      catalogue: postgresCatalogue(opened),
      counters: postgresCounters(opened),
      profiles: postgresProfiles(opened),
      close: () => opened.close(),
    };
  },
});

/** Catalogue, counters and profiles. */
export const relational = port({
  variable: 'RELATIONAL',
  view: 'counters',
  users: ['views', 'origin'],
  parts: {
    postgres,
    embedded: embedded({
      in_folder: true,
      open: ({ path, suffix }): Relational => openRelational(path(`views${suffix}.db`), 'full'),
    }),
  },
});
