import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '#backing/http/report.ts';
import type { Neo4jSettings } from '#backing/open/graph.ts';
import type { readPorts } from '#backing/open/open-ports.ts';
import type { PostgresSettings } from '#backing/open/relational.ts';
import type { MilvusSettings } from '#backing/open/vectors.ts';
import { type ViewName, versionSuffix } from '#contract/topics.ts';
import { emptyCounters } from './parts/embedded.ts';
import { dropCollections } from './parts/milvus.ts';
import { dropGraph, prepareGraph } from './parts/neo4j.ts';
import { dropTables, prepareTables } from './parts/postgres.ts';
import type { VersionMaker } from './rebuilding.ts';

type Read = Readonly<Record<string, unknown>>;
type Means = { report: Report };
type Maker = {
  prepare(read: Read, version: number): Promise<void>;
  drop(read: Read, version: number, means: Means): Promise<void>;
};

const PORT_OF = { counters: 'relational', embeddings: 'vectors', graph: 'graph' } as const;
const FILE_OF = { counters: 'views', embeddings: 'vectors', graph: 'graph' } as const;

/** Nothing has to be made: a file is there once it is opened. */
const file = (view: ViewName): Maker => ({
  async prepare() {},
  async drop(read, version) {
    const path = join(read['DATA'] as string, `${FILE_OF[view]}${versionSuffix(version)}.db`);
    if (view === 'counters' && version === 1) return emptyCounters(path);
    for (const ending of ['', '-wal', '-shm']) await rm(`${path}${ending}`, { force: true });
  },
});

/** One line for each part that a view's port can choose. */
const MAKERS: Readonly<Record<string, Maker>> = {
  'relational postgres': {
    prepare: (read, version) => prepareTables(read as PostgresSettings, version),
    drop: (read, version) => dropTables(read as PostgresSettings, version),
  },
  'vectors milvus': {
    // Collections are made when they are first written to.
    async prepare() {},
    drop: (read, version, means) => dropCollections(read as MilvusSettings, version, means),
  },
  'graph neo4j': {
    prepare: (read, version) => prepareGraph(read as Neo4jSettings, version),
    drop: (read, version) => dropGraph(read as Neo4jSettings, version),
  },
  'relational embedded': file('counters'),
  'vectors embedded': file('embeddings'),
  'graph embedded': file('graph'),
};

/** How versions come and go in what the environment chose. */
export function versionMaker({ read, parts }: ReturnType<typeof readPorts>, means: Means): VersionMaker {
  const makerOf = (view: ViewName): Maker => {
    const port = PORT_OF[view];
    const maker = MAKERS[`${port} ${parts.get(port)?.name}`];
    if (!maker) throw new Error(`There is no way to make a version of ${view}`);
    return maker;
  };
  return {
    prepare: (view, version) => makerOf(view).prepare(read, version),
    drop: (view, version) => makerOf(view).drop(read, version, means),
  };
}
