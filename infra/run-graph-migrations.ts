import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCypher } from '#backing/neo4j/cypher.ts';
import { type Neo4jSettings, openNeo4j } from '#backing/neo4j/open.ts';

export type GraphTarget = Pick<Neo4jSettings, 'url' | 'user' | 'password' | 'database'> & {
  /** The view's version, whose labels are made ready. */
  version: string;
  /** The folder of migrations; ours, unless told. */
  folder?: string;
};

export type GraphMigration = { name: string; applied_at: string | null };

const FOLDER = join(import.meta.dirname, 'migrations', 'neo4j');
/** An index that has much to take in; and how long until it is looked at again. */
const [INDEXED_MS, LOOK_MS] = [10 * 60_000, 100];

const RECORDS = `
  CREATE CONSTRAINT edgewise_migration IF NOT EXISTS
  FOR (migration:EdgewiseMigration) REQUIRE (migration.version, migration.name) IS UNIQUE`;
const RECORD = `
  MERGE (migration:EdgewiseMigration {version: $version, name: $name})
  ON CREATE SET migration.applied_at = toString(datetime())
  RETURN migration.name`;
const APPLIED = `
  MATCH (migration:EdgewiseMigration {version: $version})
  RETURN migration.name AS name, migration.applied_at AS applied_at`;
const UNFINISHED = `
  SHOW INDEXES YIELD name, state
  WHERE name ENDS WITH $ending AND state <> 'ONLINE'
  RETURN name, state`;

const { signal } = new AbortController();

function opened({ url, user, password, database }: Omit<GraphTarget, 'version'>) {
  const times = { read_ms: INDEXED_MS, write_ms: INDEXED_MS };
  return openNeo4j({ url, user, password, ...(database ? { database } : {}), ...times, report: () => {} });
}

async function listed(neo4j: ReturnType<typeof openNeo4j>, target: GraphTarget): Promise<GraphMigration[]> {
  const { version, folder = FOLDER } = target;
  const files = (await readdir(folder)).filter((file) => file.endsWith('.cypher')).sort();
  type Applied = { name: string; applied_at: string };
  const rows = await neo4j.read<Applied>({ text: APPLIED, parameters: { version } }, signal);
  const applied = new Map(rows.map(({ name, applied_at }) => [name, applied_at]));
  return files.map((file) => {
    const name = file.replace(/\.cypher$/, '');
    return { name, applied_at: applied.get(name) ?? null };
  });
}

/**
 * Waits until the indexes of a version are whole. One look after another: a transaction that stayed open meanwhile, as that
 * of db.awaitIndexes does, would keep an index from being finished that another migration makes beside this one.
 */
async function indexed(neo4j: ReturnType<typeof openNeo4j>, version: string): Promise<void> {
  for (const end_ms = Date.now() + INDEXED_MS; ; await sleep(LOOK_MS)) {
    const parameters = { ending: `_${version}` };
    type Index = { name: string; state: string };
    const [first] = await neo4j.read<Index>({ text: UNFINISHED, parameters }, signal);
    if (!first) return;
    if (first.state === 'FAILED' || Date.now() > end_ms)
      throw new Error(`The index ${first.name} is ${first.state}: mend that, drop it, and migrate again`);
  }
}

/**
 * Brings a version of the graph up to the newest migration, and waits until its indexes are whole. Neo4j takes no
 * schema and data in one transaction, so each statement is one: they are written to be run again over their own
 * result, and a migration is recorded once all of it is done. The names of those that ran, in their order.
 */
export async function migrateGraph(target: GraphTarget): Promise<string[]> {
  const { version, folder = FOLDER } = target;
  const neo4j = opened(target);
  try {
    await neo4j.write([{ text: RECORDS, parameters: {} }], signal);
    const missing = (await listed(neo4j, target)).filter(({ applied_at }) => applied_at === null);
    for (const { name } of missing) {
      const statements = readCypher(join(folder, `${name}.cypher`), version).split(/;\s*$/m);
      for (const text of statements.filter((statement) => statement.trim())) {
        await neo4j.write([{ text, parameters: {} }], signal);
      }
      await indexed(neo4j, version);
      await neo4j.write([{ text: RECORD, parameters: { version, name } }], signal);
    }
    return missing.map(({ name }) => name);
  } finally {
    await neo4j.close();
  }
}

/** Every migration there is, in order, and when it was applied to a version. Changes nothing. */
export async function graphMigrations(target: GraphTarget): Promise<GraphMigration[]> {
  const neo4j = opened(target);
  try {
    return await listed(neo4j, target);
  } finally {
    await neo4j.close();
  }
}

const NODES = ['Person', 'Campaign', 'Message', 'Forgotten'];
const ROWS_AT_ONCE = 1_000;

/** The versions that migrations were applied to, and the names of all indexes, which end in a version. */
export async function graphNames(target: Omit<GraphTarget, 'version'>): Promise<string[]> {
  const neo4j = opened(target);
  const named = async (text: string) =>
    (await neo4j.read<{ name: string }>({ text, parameters: {} }, signal)).map(({ name }) => name);
  try {
    const versions = 'MATCH (migration:EdgewiseMigration) RETURN DISTINCT migration.version AS name';
    return [...(await named(versions)), ...(await named('SHOW INDEXES YIELD name RETURN name'))];
  } finally {
    await neo4j.close();
  }
}

/** Removes a version with all that it holds, node by node in small transactions, then its constraints and indexes. */
export async function removeGraph(target: GraphTarget): Promise<void> {
  const { version } = target;
  const neo4j = opened(target);
  const named = async (all: string) => {
    const text = `SHOW ${all} YIELD name WHERE name ENDS WITH $ending RETURN name`;
    const parameters = { ending: `_${version}` };
    return (await neo4j.read<{ name: string }>({ text, parameters }, signal)).map(({ name }) => name);
  };
  try {
    const labels = NODES.map((label) => `${label}_${version}`).join('|');
    const some = `MATCH (node:${labels}) WITH node LIMIT ${ROWS_AT_ONCE}`;
    const left = `MATCH (node:${labels}) RETURN count(node) AS nodes`;
    const count = async () =>
      (await neo4j.read<{ nodes: number }>({ text: left, parameters: {} }, signal))[0]?.nodes;
    while (await count()) await neo4j.write([{ text: `${some} DETACH DELETE node`, parameters: {} }], signal);
    for (const name of await named('CONSTRAINTS'))
      await neo4j.write([{ text: `DROP CONSTRAINT ${name} IF EXISTS`, parameters: {} }], signal);
    for (const name of await named('INDEXES'))
      await neo4j.write([{ text: `DROP INDEX ${name} IF EXISTS`, parameters: {} }], signal);
    const record = 'MATCH (migration:EdgewiseMigration {version: $version}) DELETE migration';
    await neo4j.write([{ text: record, parameters: { version } }], signal);
  } finally {
    await neo4j.close();
  }
}
