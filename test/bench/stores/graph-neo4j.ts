import { randomUUID } from 'node:crypto';
import neo4j from 'neo4j-driver';
import { openNeo4jGraph } from '#backing/graph/neo4j.ts';
import { BOUNDS, type Edge } from '#backing/graph/port.ts';
import { readCypher } from '#backing/neo4j/cypher.ts';
import { migrateGraph, removeGraph } from '../../../infra/run-graph-migrations.ts';
import { calling, type StoreBench, variable } from '../support/store-bench.ts';

type Place = { version: string };

const { signal } = new AbortController();
const TENANT = 'bench';
const [PEOPLE, CAMPAIGNS, DAYS, BATCH] = [1000, 200, 28, 500];
/** Edges there are to walk along. */
const FILLED = 20_000;
const DATABASE_MS = 10_000;

const access = () => ({
  url: variable('NEO4J_URL'),
  user: variable('NEO4J_USER'),
  password: variable('NEO4J_PASSWORD'),
});
const dayAt = (at: number) => `2026-10-${String(1 + (at % DAYS)).padStart(2, '0')}`;
const personAt = (at: number) => `user-${at % PEOPLE}`;

/** Two of three engage, the others reply; strides that have nothing in common, so that few come twice. */
function edgeAt(at: number, users: string): Edge {
  const day = dayAt(at * 11);
  const lived_at = `${day}T12:00:00.000Z`;
  const about = {
    tenant_id: TENANT,
    user_id: `${users}${personAt(at * 7)}`,
    day,
    lived_at,
    accepted_at: lived_at,
  };
  if (at % 3 === 0) return { ...about, kind: 'replied', other_id: `${users}${personAt(at * 13 + 1)}` };
  return { ...about, kind: 'engaged', campaign_id: `${users}campaign-${(at * 31) % CAMPAIGNS}` };
}

/** New people with each batch, apart for each side. */
const batchAt = (side: string, at: number) =>
  Array.from({ length: BATCH }, (_, i) => edgeAt(at * BATCH + i, `${side}-${Math.floor(at / 40)}-`));

const asking = (at: number) => ({
  tenant_id: TENANT,
  user_id: personAt(at * 17),
  from_day: '2026-10-01',
  to_day: '2026-10-31',
});

const open = ({ version }: Place) =>
  openNeo4jGraph({ ...access(), version, report: (line) => console.error(JSON.stringify(line)) });

export const store: StoreBench<Place> = {
  name: 'graph on Neo4j',
  needs: ['NEO4J_URL', 'NEO4J_USER', 'NEO4J_PASSWORD'].map((variable) => ({ variable, up: 'neo4j' })),
  operations: [
    { name: 'add', holds: `${BATCH} edges`, items: BATCH, clients: 1 },
    { name: 'neighbours', holds: 'those of 1 person', items: 1, clients: 4 },
  ],

  async prepare() {
    const version = `bench_${randomUUID().replaceAll('-', '')}`;
    await migrateGraph({ ...access(), version });
    const graph = await open({ version });
    for (let at = 0; at < FILLED; at += BATCH)
      await graph.add(
        Array.from({ length: BATCH }, (_, i) => edgeAt(at + i, '')),
        signal,
      );
    await graph.close();
    return { place: { version }, remove: () => removeGraph({ ...access(), version }) };
  },

  async adapter(place) {
    const graph = await open(place);
    return {
      work: {
        add: calling((at) => graph.add(batchAt('ours', at), signal)),
        neighbours: calling((at) => graph.neighbours(asking(at), signal)),
      },
      close: () => graph.close(),
    };
  },

  async raw({ version }) {
    const { url, user, password } = access();
    const driver = neo4j.driver(url, neo4j.auth.basic(user, password), { disableLosslessIntegers: true });
    const cypher = (file: string) => readCypher(new URL(file, import.meta.url), version);
    const addEdges = (kind: string, end: string, of: string) =>
      cypher('../support/add-edges.cypher')
        .replaceAll('KIND', kind)
        .replaceAll('TARGET', end)
        .replaceAll('OF', of);
    const [ENGAGED, REPLIED] = [
      addEdges('ENGAGED', 'Campaign', 'campaign'),
      addEdges('REPLIED', 'Person', 'other'),
    ];
    const NEIGHBOURS = cypher('../../../backing/graph/neo4j/neighbours.cypher');
    const limits = Object.fromEntries(
      Object.entries(BOUNDS).map(([name, bound]) => [name, neo4j.int(bound)]),
    );
    const add = async (edges: readonly Edge[]) => {
      const common = ({ tenant_id: tenant, user_id: user, day, lived_at, accepted_at }: Edge) => ({
        ...{ tenant, user, day, lived_at, accepted_at },
      });
      const engaged = edges.flatMap((edge) =>
        edge.kind === 'engaged' ? [{ ...common(edge), campaign: edge.campaign_id }] : [],
      );
      const replied = edges.flatMap((edge) =>
        edge.kind === 'replied' ? [{ ...common(edge), other: edge.other_id }] : [],
      );
      const session = driver.session();
      await session.executeWrite(
        async (transaction) => {
          await transaction.run(ENGAGED, { batch: { rows: engaged } });
          await transaction.run(REPLIED, { batch: { rows: replied } });
        },
        { timeout: DATABASE_MS },
      );
      await session.close();
    };
    const neighbours = async (at: number) => {
      const { tenant_id: tenant, user_id: user, from_day: from, to_day: to } = asking(at);
      const session = driver.session({ defaultAccessMode: neo4j.session.READ });
      const parameters = { asked: { tenant, user, from, to }, ...limits };
      const { records } = await session.run(NEIGHBOURS, parameters, { timeout: DATABASE_MS });
      await session.close();
      return records.map((record) => record.toObject());
    };
    return {
      work: { add: calling((at) => add(batchAt('bare', at))), neighbours: calling(neighbours) },
      close: () => driver.close(),
    };
  },
};
