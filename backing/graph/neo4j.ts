import { int } from 'neo4j-driver';
import { composite } from '#contract/ids.ts';
import { readCypher } from '../neo4j/cypher.ts';
import { type Neo4jSettings, openNeo4j } from '../neo4j/open.ts';
import { strongestFirst } from './paths.ts';
import { BOUNDS, type Edge, type Graph, type Strengths } from './port.ts';

export type Neo4jGraphSettings = Neo4jSettings & {
  /** The view's version: what its labels end in, such as `v1`. */
  version: string;
};

/** The database has nothing under these labels: no constraints, and so no indexes. */
class NotMigrated extends Error {
  readonly code = 'not_migrated';
  readonly retryable = false;
}

const KINDS = ['answered', 'engaged', 'replied', 'wrote'] as const;
type Row = { tenant: string; user: string; day: string; of: string };

/** What an edge leads to, by the name that its property has. */
const LEADS_TO = { answered: 'message', engaged: 'campaign', replied: 'other', wrote: 'message' } as const;

/** Neo4j plans a statement when it first sees it: that takes longer than a question has. */
const PLANNED_MS = 30_000;

/** A plain number would be sent as a float, which is no limit. */
const LIMITS = Object.fromEntries(Object.entries(BOUNDS).map(([name, bound]) => [name, int(bound)]));

function leadsTo(edge: Edge): string {
  if (edge.kind === 'engaged') return edge.campaign_id;
  return edge.kind === 'replied' ? edge.other_id : edge.message_id;
}

/**
 * The rows of a kind, each once, by what they lead to, so that transactions that meet lock that in one order: it is
 * what people share. An edge that they make locks both its ends.
 */
function rowsOf(kind: Edge['kind'], edges: readonly Edge[]): Record<string, string>[] {
  const rows = new Map<string, Row>();
  for (const edge of edges) {
    if (edge.kind !== kind) continue;
    const row = { tenant: edge.tenant_id, user: edge.user_id, day: edge.day, of: leadsTo(edge) };
    rows.set(composite(row.tenant, row.of, row.user, row.day), row);
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { tenant, user, day, of }]) => ({ tenant, user, day, [LEADS_TO[kind]]: of }));
}

function strengths(found: readonly [string, number][]): Strengths {
  return strongestFirst(new Map(found));
}

/**
 * The graph in Neo4j, by its version. Rejects where the server cannot be reached, or has not been migrated to that
 * version. Its methods reject with the coded errors of `backing/neo4j`.
 */
export async function openNeo4jGraph({
  version,
  ...settings
}: Neo4jGraphSettings): Promise<Graph & { close(): Promise<void> }> {
  const cypher = (name: string) => readCypher(new URL(`./neo4j/${name}.cypher`, import.meta.url), version);
  const NEIGHBOURS = cypher('neighbours');
  const kinds = KINDS.map((kind) => ({ kind, add: cypher(`add-${kind}`), all: cypher(`dump-${kind}`) }));
  const neo4j = openNeo4j(settings);
  try {
    const text = 'MATCH (migration:EdgewiseMigration {version: $version}) RETURN count(migration) AS applied';
    const [row] = await neo4j.read<{ applied: number }>(
      { text, parameters: { version } },
      new AbortController().signal,
    );
    if (!row?.applied) {
      throw new NotMigrated(`The graph ${version} was never made: run npm run migrate -- up`);
    }
    const parameters = { asked: { tenant: '', user: '', from: '', to: '' }, ...LIMITS };
    await neo4j.read({ text: NEIGHBOURS, parameters, read_ms: PLANNED_MS }, new AbortController().signal);
  } catch (error) {
    await neo4j.close();
    throw error;
  }

  return {
    async add(edges, signal) {
      const statements = kinds
        .map(({ kind, add }) => ({ text: add, parameters: { batch: { rows: rowsOf(kind, edges) } } }))
        .filter(({ parameters: { batch } }) => batch.rows.length > 0);
      if (statements.length > 0) await neo4j.write(statements, signal);
      else signal.throwIfAborted();
    },
    async neighbours({ tenant_id, user_id, from_day, to_day }, signal) {
      const asked = { tenant: tenant_id, user: user_id, from: from_day, to: to_day };
      const parameters = { asked, ...LIMITS };
      type Found = Record<'replied' | 'together', [string, number][]>;
      const [found] = await neo4j.read<Found>({ text: NEIGHBOURS, parameters }, signal);
      return { replied: strengths(found?.replied ?? []), together: strengths(found?.together ?? []) };
    },
    async *dump() {
      for (const { kind, all } of kinds) {
        type Line = { key: string[]; value: string | number };
        const rows = neo4j.stream<Line>({ text: all, parameters: {} });
        for await (const { key, value } of rows) yield `${composite(kind, ...key)} ${value}`;
      }
    },
    close: () => neo4j.close(),
  };
}
