import { catalogueSchema, embeddedCatalogue } from '../catalogue/embedded.ts';
import type { Catalogue } from '../catalogue/port.ts';
import { postgresCatalogue } from '../catalogue/postgres.ts';
import { countersSchema, embeddedCounters } from '../counters/embedded.ts';
import type { Counters } from '../counters/port.ts';
import { postgresCounters } from '../counters/postgres.ts';
import { deletionsSchema, embeddedDeletions } from '../deletions/embedded.ts';
import type { Deletions } from '../deletions/port.ts';
import { postgresDeletions } from '../deletions/postgres.ts';
import { embeddedPlacements, placementsSchema } from '../placements/embedded.ts';
import type { Placements } from '../placements/port.ts';
import { postgresPlacements } from '../placements/postgres.ts';
import type { PostgresAddress } from '../postgres/address.ts';
import { reachPostgres } from '../postgres/reach.ts';
import { embeddedProfiles, profilesSchema } from '../profiles/embedded.ts';
import type { Profiles } from '../profiles/port.ts';
import { postgresProfiles } from '../profiles/postgres.ts';
import { type Read, setting } from '../settings.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { embeddedVersions, versionsSchema } from '../versions/embedded.ts';
import type { Versions } from '../versions/port.ts';
import { postgresVersions } from '../versions/postgres.ts';
import { type Closable, embedded, port, shared } from './port.ts';

/** Six ports, one database: counters and profiles are written in one transaction. */
type Relational = Closable & {
  catalogue: Catalogue;
  counters: Counters;
  profiles: Profiles;
  versions: Versions;
  placements: Placements;
  deletions: Deletions;
};

/** The embedded ones: the views in one file, and in another what no log can bring back. */
export function openRelational(
  { views, placements }: { views: string; placements: string },
  synchronous: DatabaseOptions['synchronous'],
): Relational & { close(): void } {
  const schema = [catalogueSchema, countersSchema, profilesSchema, versionsSchema, deletionsSchema].join(';');
  const db = openDatabase(views, { synchronous, schema });
  const told = openDatabase(placements, { synchronous, schema: placementsSchema });
  const profiles = embeddedProfiles(db);
  return {
    catalogue: embeddedCatalogue(db),
    counters: embeddedCounters(db, profiles),
    profiles: profiles.profiles,
    versions: embeddedVersions(db),
    placements: embeddedPlacements(told),
    deletions: embeddedDeletions(db),
    close() {
      db.close();
      told.close();
    },
  };
}

/** Where the embedded ones stand in a data folder. */
export const relationalFiles = (path: (name: string) => string) => ({
  views: path('views.db'),
  placements: path('placements.db'),
});

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
  async open(read, { application, report }): Promise<Relational> {
    const opened = await reachPostgres({
      ...postgresAddressOf(read),
      schema: read.POSTGRES_SCHEMA,
      application_name: application,
      report,
    });
    return {
      catalogue: postgresCatalogue(opened),
      counters: postgresCounters(opened),
      profiles: postgresProfiles(opened),
      versions: postgresVersions(opened),
      placements: postgresPlacements(opened),
      deletions: postgresDeletions(opened),
      close: () => opened.close(),
    };
  },
});

/** Catalogue, counters, profiles, and the rows that switch versions. */
export const relational = port({
  variable: 'RELATIONAL',
  users: ['views', 'origin'],
  parts: {
    postgres,
    embedded: embedded({
      in_folder: true,
      open: ({ path }): Relational => openRelational(relationalFiles(path), 'full'),
    }),
  },
});
