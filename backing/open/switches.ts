import { deletionsSchema, embeddedDeletions } from '../deletions/embedded.ts';
import type { Deletions } from '../deletions/port.ts';
import { postgresDeletions } from '../deletions/postgres.ts';
import { reachPostgres } from '../postgres/reach.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { embeddedVersioned, versionedSchema } from '../versioned/embedded.ts';
import { modelKind, placementKind } from '../versioned/kinds.ts';
import type { Models, Placements } from '../versioned/port.ts';
import { postgresVersioned } from '../versioned/postgres.ts';
import { embeddedVersions, versionsSchema } from '../versions/embedded.ts';
import type { Versions } from '../versions/port.ts';
import { postgresVersions } from '../versions/postgres.ts';
import { embeddedViewVersions, viewVersionsSchema } from '../view-versions/embedded.ts';
import type { ViewVersions } from '../view-versions/port.ts';
import { postgresViewVersions } from '../view-versions/postgres.ts';
import { type Closable, embedded, port, shared } from './port.ts';
import { postgresAddressOf, postgresSettings } from './relational.ts';

/**
 * What belongs to no version of a view: which versions serve, of embeddings and of the views; tenants' placements and models;
 * and how far deletions are.
 */
type Switches = Closable & {
  versions: Versions;
  viewVersions: ViewVersions;
  placements: Placements;
  models: Models;
  deletions: Deletions;
};

/** Where the embedded ones stand in a data folder: the versions in the file of the first version of the counters. */
export const switchFiles = (path: (name: string) => string) => ({
  versions: path('views.db'),
  placements: path('placements.db'),
});

/** The embedded ones. */
export function openSwitches(
  { versions, placements }: { versions: string; placements: string },
  synchronous: DatabaseOptions['synchronous'],
): Switches & { close(): void } {
  const schema = [versionsSchema, viewVersionsSchema, deletionsSchema].join(';');
  const db = openDatabase(versions, { synchronous, schema });
  const own = [placementKind, modelKind].map((kind) => versionedSchema(kind)).join(';');
  const told = openDatabase(placements, { synchronous, schema: own });
  return {
    versions: embeddedVersions(db),
    viewVersions: embeddedViewVersions(db),
    placements: embeddedVersioned(told, placementKind),
    models: embeddedVersioned(told, modelKind),
    deletions: embeddedDeletions(db),
    close() {
      db.close();
      told.close();
    },
  };
}

const postgres = shared({
  settings: postgresSettings,
  async open(read, { application, report }): Promise<Switches> {
    const opened = await reachPostgres({
      ...postgresAddressOf(read),
      schema: read.POSTGRES_SCHEMA,
      application_name: application,
      // Embedding versions are held in memory, and the views' rows are read once a second.
      connections: 3,
      report,
    });
    return {
      versions: postgresVersions(opened),
      viewVersions: postgresViewVersions(opened),
      placements: postgresVersioned(opened, placementKind),
      models: postgresVersioned(opened, modelKind),
      deletions: postgresDeletions(opened),
      close: () => opened.close(),
    };
  },
});

/** They stand where catalogue and counters do, but are no view: their names bear no version. */
export const switches = port({
  variable: 'RELATIONAL',
  users: ['views', 'origin'],
  parts: {
    postgres,
    embedded: embedded({
      in_folder: true,
      open: ({ path }): Switches => openSwitches(switchFiles(path), 'full'),
    }),
  },
});
