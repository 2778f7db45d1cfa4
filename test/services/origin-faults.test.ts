import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Stores } from '#backing/embedded.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { PortName, PortsOf } from '#backing/open/ports.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { migrateGraph, removeGraph } from '../../infra/run-graph-migrations.ts';
import { originApp } from '../../origin/app.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import { did, openWorld, said, signal, topicsOfTalk } from '../origin/world.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { onServices } from './on-service.ts';
import { migratedSchema } from './postgres.ts';

/** Long for a busy machine, and far shorter than the faults. */
const DEPENDENCY_MS = 1_500;
const SOON = { timeout: 30_000, interval: 250 };

const FAULTS: [string, (proxy: FaultProxy) => void][] = [
  ['slowed by 10 s', (proxy) => proxy.delay(10_000)],
  ['black-holed', (proxy) => proxy.blackHole()],
  ['reset', (proxy) => proxy.refuse()],
  ['answering garbage', (proxy) => proxy.garbage()],
];

/** One port of the origin on its real service, behind a proxy. */
async function behindProxy(port: PortName, variable: string, env: Record<string, string> = {}) {
  const address = process.env[variable] ?? '';
  const { hostname, port: former } = new URL(address.includes('://') ? address : `tcp://${address}`);
  const proxy = await faultProxy({ host: hostname, port: Number(former) });
  const stack = new AsyncDisposableStack();
  onTestFinished(async () => {
    proxy.heal();
    await stack.disposeAsync();
    await proxy.close();
  });
  const through = address.replace(`${hostname}:${former}`, `127.0.0.1:${proxy.port}`);
  const chosen = readPorts(
    ['origin'],
    {},
    {
      ...process.env,
      // Where the rows stand that say which version of a view serves.
      POSTGRES_SCHEMA: await migratedSchema(),
      [variable]: through.replace('neo4j://', 'bolt://'),
      ...env,
    },
    [port],
  );
  const means = { clock: Date.now, report: () => {}, application: 'test' };
  return { proxy, ports: (await openPorts<'origin'>(stack, chosen, means)) as Partial<PortsOf<'origin'>> };
}

const recently = () => new Date(Date.now() - 60_000).toISOString();

/** A world of which some stores are real, with somebody of whom much is known. */
async function worldOn(replaced: Partial<Stores>) {
  const base = await openWorld();
  const tenant_id = `t-${randomUUID()}`;
  const stores = { ...base.stores, ...replaced } as Stores;
  const real = { ...stores, clock: Date.now, dependency_ms: DEPENDENCY_MS };
  const world = await openWorld(tenant_id, real, stores);
  await world.campaigns(...topicsOfTalk);
  await world.events([
    said('ada', 'the wifi signal drops, is it the wireless driver?', null, recently()),
    did('click', 'ada', 'games', recently()),
    did('click', 'bob', 'games', recently()),
    did('click', 'bob', 'printing', recently()),
  ]);
  const day = recently().slice(0, 10);
  await stores.graph.add(
    (['ada', 'bob'] as const).flatMap((user_id) =>
      (user_id === 'ada' ? ['games'] : ['games', 'printing']).map((campaign_id) => ({
        ...{
          tenant_id,
          user_id,
          day,
          lived_at: recently(),
          accepted_at: recently(),
          kind: 'engaged' as const,
        },
        campaign_id,
      })),
    ),
    signal,
  );
  const sourcesOf = async (user_id = 'ada') => {
    const { degraded, items } = await world.ask({ user_id });
    return {
      degraded,
      sources: new Set(items.flatMap(({ reasons }) => reasons.map(({ source }) => source))),
    };
  };
  await vi.waitFor(async () => expect((await sourcesOf()).degraded).toEqual([]), SOON);
  return { world, sourcesOf };
}

onServices(
  [
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Redis', variable: 'REDIS_URL', up: 'redis' },
  ],
  () => {
    describe.each(FAULTS)('%s', (_, fault) => {
      test('Neo4j: the answer is made of vectors and what is held, and names the graph', async () => {
        const version = `t_${randomUUID().replaceAll('-', '')}`;
        const { NEO4J_URL: url = '', NEO4J_USER: user = '', NEO4J_PASSWORD: password = '' } = process.env;
        await migrateGraph({ url, user, password, version });
        onTestFinished(() => removeGraph({ url, user, password, version }));
        const { proxy, ports } = await behindProxy('graph', 'NEO4J_URL', { NEO4J_VERSION: version });
        const { sourcesOf } = await worldOn({ graph: ports.graph as Stores['graph'] });
        fault(proxy);
        const { degraded, sources } = await sourcesOf();
        expect(degraded).toEqual(['graph']);
        expect(sources).toContain('nearest_campaigns');
        expect(sources).not.toContain('graph_neighbours');
        proxy.heal();
        await vi.waitFor(async () => expect((await sourcesOf()).degraded).toEqual([]), SOON);
      });

      test('Milvus: the answer is made of the graph and of what is held, and names the vectors', async () => {
        const prefix = `t_${randomUUID().replaceAll('-', '')}_`;
        const { proxy, ports } = await behindProxy('vectors', 'MILVUS_ADDRESS', { MILVUS_PREFIX: prefix });
        const { sourcesOf } = await worldOn({ vectors: ports.vectors as Stores['vectors'] });
        fault(proxy);
        const { degraded, sources } = await sourcesOf();
        expect(degraded).toEqual(['vectors']);
        expect(sources).toContain('graph_neighbours');
        expect(sources).not.toContain('nearest_campaigns');
        proxy.heal();
        await vi.waitFor(async () => expect((await sourcesOf()).degraded).toEqual([]), SOON);
      });

      test('PostgreSQL: the answer is made of what was last read, and names what that is', async () => {
        const POSTGRES_SCHEMA = await migratedSchema();
        const { proxy, ports } = await behindProxy('relational', 'POSTGRES_URL', { POSTGRES_SCHEMA });
        const { catalogue, counters, profiles } = ports.relational as Stores;
        const { versions, placements, models } = ports.switches as Stores;
        const { world, sourcesOf } = await worldOn({
          catalogue,
          counters,
          profiles,
          versions,
          placements,
          models,
        });
        fault(proxy);
        expect((await sourcesOf()).degraded).toEqual(['counters']);
        expect((await sourcesOf('a stranger')).degraded).toEqual(['counters', 'profiles']);
        const { tenant_id } = world;
        await world.stores.answers.raise(
          [
            { tenant_id, user_id: null },
            { tenant_id, user_id: 'ada' },
          ],
          signal,
        );
        const { degraded, sources } = await sourcesOf();
        expect(degraded).toEqual(['catalogue', 'counters', 'profiles']);
        // What is held of her is older than it should be, and better than nothing.
        expect(sources).toContain('nearest_campaigns');
        expect(sources).toContain('popular');
        proxy.heal();
        await vi.waitFor(async () => expect((await sourcesOf()).degraded).toEqual([]), SOON);
      });

      test('Redis: epochs count as unknown: the answer lacks nothing, and nobody may keep it', async () => {
        const { proxy, ports } = await behindProxy('answers', 'REDIS_URL');
        const { world } = await worldOn({ answers: ports.answers as Stores['answers'] });
        const [key] = (await importKeys([
          { id: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') },
        ])) as [Key];
        const { catalogue, answers, placements, models } = world.stores;
        const { recommender, tenant_id } = world;
        const app = originApp({
          ...{ recommender, answers, catalogue, placements, models, keys: [key], clock: Date.now },
          bookmarks: openBookmarks({ progress: null, clock: Date.now, report: () => {} }),
          report: () => {},
        });
        const ask = async () => {
          const url = new URL('http://origin.test/v1/users/ada/recommendations');
          const caller = { tenant_id, subject: 'ada', scopes: ['recommendations:read' as const] };
          const signed = { method: 'GET', url, caller, deadline_ms: 10_000, body: null };
          const response = await app.request(
            new Request(url, { headers: await sign(signed, key, Date.now()) }),
          );
          const { degraded } = (await response.json()) as { degraded: string[] };
          return { degraded, kept: response.headers.has('edgewise-answer') };
        };
        await vi.waitFor(async () => expect(await ask()).toEqual({ degraded: [], kept: true }), SOON);
        fault(proxy);
        expect(await ask()).toEqual({ degraded: [], kept: false });
        proxy.heal();
        await vi.waitFor(async () => expect(await ask()).toEqual({ degraded: [], kept: true }), SOON);
      });
    });
  },
);
