import { embeddedGraph, graphSchema } from '../graph/embedded.ts';
import { openNeo4jGraph } from '../graph/neo4j.ts';
import type { Graph } from '../graph/port.ts';
import { type Read, setting } from '../settings.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { type Closable, embedded, port, shared } from './port.ts';

/** The embedded one, in a file of its own. */
export function openGraph(
  file: string,
  synchronous: DatabaseOptions['synchronous'],
): Graph & { close(): void } {
  const db = openDatabase(file, { synchronous, schema: graphSchema });
  return { ...embeddedGraph(db), close: () => db.close() };
}

/** What the graph in Neo4j needs to know. */
export const neo4jSettings = {
  NEO4J_URL: setting.neo4j_url,
  NEO4J_USER: setting.neo4j_user,
  NEO4J_PASSWORD: setting.neo4j_password,
  NEO4J_VERSION: setting.neo4j_version,
} as const;
export type Neo4jSettings = Read<typeof neo4jSettings>;

/** The server's address, by what was read. */
export function neo4jAddressOf(read: Neo4jSettings) {
  return { url: read.NEO4J_URL, user: read.NEO4J_USER, password: read.NEO4J_PASSWORD };
}

const neo4j = shared({
  settings: neo4jSettings,
  open(read, { report, suffix }): Promise<Graph & Closable> {
    return openNeo4jGraph({
      ...neo4jAddressOf(read),
      version: `${read.NEO4J_VERSION}${suffix}`,
      report,
    });
  },
});

export const graph = port({
  variable: 'GRAPH',
  view: 'graph',
  users: ['views', 'origin'],
  parts: {
    neo4j,
    embedded: embedded({
      in_folder: true,
      open: ({ path, suffix }): Graph & Closable => openGraph(path(`graph${suffix}.db`), 'full'),
    }),
  },
});
