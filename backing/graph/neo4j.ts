import { int } from 'neo4j-driver';
import { composite } from '#contract/ids.ts';
import { readCypher } from '../neo4j/cypher.ts';
import { type Neo4jSettings, openNeo4j } from '../neo4j/open.ts';
import { neo4jForgetting } from './neo4j-forget.ts';
import { removeOldEdges } from './neo4j-retention.ts';
import { strongestFirst } from './paths.ts';
import { BOUNDS, type Edge, type Graph, leadsTo, type OwnEdge, type Strengths } from './port.ts';

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
const DUMPED = ['answered', 'engaged', 'forgotten', 'replied', 'wrote'] as const;
/** Neo4j plans a statement when it first sees it: that takes longer than a question has. */
const PLANNED_MS = 30_000;

/** A plain number would be sent as a float, which is no limit. */
const LIMITS = Object.fromEntries(Object.entries(BOUNDS).map(([name, bound]) => [name, int(bound)]));

/** What a statement takes of an edge, in this order: names with each would be half of all that is sent. */
type Row = [user: string, day: string, lived_at: string, accepted_at: string, of: string];

const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const latest = (one: string, other: string) => (one < other ? other : one);

/**
 * The rows of a kind, by tenant, each once, by what they lead to, so that transactions that meet lock that in one
 * order: it is what people share. An edge that they make locks both its ends.
 */
function rowsOf(kind: Edge['kind'], edges: readonly Edge[]): [tenant: string, rows: Row[]][] {
  const sorted = edges
    .filter((edge) => edge.kind === kind)
    .sort(
      (a, b) =>
        order(a.tenant_id, b.tenant_id) ||
        order(leadsTo(a), leadsTo(b)) ||
        order(a.user_id, b.user_id) ||
        order(a.day, b.day),
    );
  const tenants: [string, Row[]][] = [];
  for (const edge of sorted) {
    const { tenant_id, user_id, day, lived_at, accepted_at } = edge;
    if (tenants.at(-1)?.[0] !== tenant_id) tenants.push([tenant_id, []]);
    const rows = tenants.at(-1)?.[1] ?? [];
    const [of, before] = [leadsTo(edge), rows.at(-1)];
    if (before && before[0] === user_id && before[1] === day && before[4] === of) {
      before[2] = latest(before[2], lived_at);
      before[3] = latest(before[3], accepted_at);
    } else rows.push([user_id, day, lived_at, accepted_at, of]);
  }
  return tenants;
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
  const EDGES_OF = cypher('edges-of');
  const kinds = KINDS.map((kind) => ({ kind, add: cypher(`add-${kind}`) }));
  const dumps = DUMPED.map((kind) => ({ kind, all: cypher(`dump-${kind}`) }));
  const neo4j = openNeo4j(settings);
  const forgetting = neo4jForgetting(neo4j, cypher);
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
        .map(({ kind, add }) => ({ text: add, parameters: { batch: { tenants: rowsOf(kind, edges) } } }))
        .filter(({ parameters: { batch } }) => batch.tenants.length > 0);
      signal.throwIfAborted();
      if (statements.length === 0) return;
      await neo4j.write(statements, signal);
      await forgetting.afterAdding(edges, signal);
    },
    forget: (people, signal) => forgetting.forget(people, signal),
    async neighbours({ tenant_id, user_id, from_day, to_day }, signal) {
      const asked = { tenant: tenant_id, user: user_id, from: from_day, to: to_day };
      const parameters = { asked, ...LIMITS };
      type Found = Record<'replied' | 'together', [string, number][]>;
      const [found] = await neo4j.read<Found>({ text: NEIGHBOURS, parameters }, signal);
      return { replied: strengths(found?.replied ?? []), together: strengths(found?.together ?? []) };
    },
    async edgesOf({ tenant_id, user_id }, most, signal) {
      const parameters = { asked: { tenant: tenant_id, user: user_id }, most: int(most) };
      return await neo4j.read<OwnEdge>({ text: EDGES_OF, parameters }, signal);
    },
    removeBefore: (old, signal) => removeOldEdges(neo4j, cypher, old, signal),
    async *dump() {
      for (const { kind, all } of dumps) {
        type Line = { key: string[]; value: string | number };
        const rows = neo4j.stream<Line>({ text: all, parameters: {} });
        for await (const { key, value } of rows) yield `${composite(kind, ...key)} ${value}`;
      }
    },
    close: () => neo4j.close(),
  };
}
