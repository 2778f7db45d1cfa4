import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import neo4j from 'neo4j-driver';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Neo4jGraphSettings, openNeo4jGraph } from '#backing/graph/neo4j.ts';
import { BOUNDS } from '#backing/graph/port.ts';
import { readCypher } from '#backing/neo4j/cypher.ts';
import { openNeo4j } from '#backing/neo4j/open.ts';
import { graphMigrations, migrateGraph, removeGraph } from '../../infra/run-graph-migrations.ts';
import { neo4j as neo4jService } from '../../infra/services/neo4j.ts';
import { forgettingGraph } from '../ports/forgetting.contract.ts';
import { edgesOf, engaged, graphContract, replied, wrote } from '../ports/graph.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { collect } from '../support/dump.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { newTenant } from '../support/tenant.ts';
import { onService } from './on-service.ts';
import { ownService } from './own-service.ts';

const { signal } = new AbortController();
const ALWAYS = { from_day: '0000-01-01', to_day: '9999-12-31' };
/** Takes Neo4j minutes: it counts what it could only have walked through. */
const SLOW =
  'UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a = -b RETURN count(*)';

onService({ name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' }, (url) => {
  const user = process.env['NEO4J_USER'] ?? 'neo4j';
  const password = process.env['NEO4J_PASSWORD'] ?? '';
  const access = { url, user, password };

  /** A driver beside the one that is tested. */
  function bystander() {
    const driver = neo4j.driver(url, neo4j.auth.basic(user, password), { disableLosslessIntegers: true });
    onTestFinished(() => driver.close());
    return {
      ask: async (text: string, parameters: object = {}) =>
        (await driver.executeQuery(text, parameters)).records,
    };
  }

  /** A version that no other test or run has, of which nothing is left when the test has finished. */
  function newVersion(): string {
    const version = `t_${randomUUID().replaceAll('-', '')}`;
    onTestFinished(() => removeGraph({ ...access, version }));
    return version;
  }

  async function migratedVersion(): Promise<string> {
    const version = newVersion();
    await migrateGraph({ ...access, version });
    return version;
  }

  async function open(settings: Partial<Neo4jGraphSettings> = {}) {
    const reports: Readonly<Record<string, unknown>>[] = [];
    const version = settings.version ?? (await migratedVersion());
    const report = (line: Readonly<Record<string, unknown>>) => void reports.push(line);
    const graph = await openNeo4jGraph({
      ...access,
      // Whoever makes a version changes the schema, and all statements are planned again.
      read_ms: 30_000,
      report,
      ...settings,
      version,
    });
    onTestFinished(() => graph.close());
    return { graph, version, reports };
  }

  async function throughProxy(settings: Partial<Neo4jGraphSettings> = {}) {
    const { hostname, port } = new URL(url);
    const proxy = await faultProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    return { proxy, ...(await open({ url: `bolt://127.0.0.1:${proxy.port}`, ...settings })) };
  }

  function pool(settings: Partial<Neo4jGraphSettings> = {}) {
    const reports: object[] = [];
    const opened = openNeo4j({ ...access, report: (line) => void reports.push(line), ...settings });
    onTestFinished(() => opened.close());
    return { ...opened, reports };
  }

  graphContract({ name: 'neo4j', open: async () => (await open()).graph, runs: 40 });
  forgettingGraph({ name: 'neo4j', open: async () => (await open()).graph, runs: 25 });

  describe('the graph: neo4j', () => {
    const batch = (tenant: string, size: number, round = 0) =>
      edgesOf(
        tenant,
        Array.from({ length: size }, (_, at) => [
          engaged(`u-${at % 50}`, `c-${at % 7}`, `2026-10-${10 + (at % 20)}`),
          wrote(`u-${at % 50}`, `m-${round}-${at}`),
        ]).flat(),
      );

    test('a question goes to the server in one write', async () => {
      const { graph } = await open();
      const asked = { tenant_id: newTenant(), user_id: 'ada', ...ALWAYS };
      await graph.neighbours(asked, signal);
      const writes = (['_write', '_writev'] as const).map((name) => vi.spyOn(Socket.prototype, name));
      onTestFinished(() => writes.forEach((spy) => void spy.mockRestore()));
      await graph.neighbours(asked, signal);
      const port = Number(new URL(url).port);
      const sockets = writes.flatMap(({ mock }) => mock.contexts as unknown as Socket[]);
      expect(sockets.filter(({ remotePort }) => remotePort === port)).toHaveLength(1);
    });

    test('its dump is that of the embedded graph, line by line, over many pages', async () => {
      const [{ graph }, { graph: embedded }] = [await open(), await embeddedStores()];
      const edges = Array.from({ length: 5 }, (_, round) => batch(newTenant(), 600, round));
      for (const store of [graph, embedded]) {
        for (const one of edges) await store.add(one, signal);
      }
      const lines = await collect(graph.dump());
      expect(lines.length).toBeGreaterThan(3_000);
      expect(lines).toEqual(await collect(embedded.dump()));
    });

    test('each part of a question is answered from an index, left at its bound: nothing is scanned or sorted whole', async () => {
      const [{ graph, version }, { ask }, tenant] = [await open(), bystander(), newTenant()];
      // A campaign with 30,000 days of others, of which a question may look at no more than it takes.
      const own = edgesOf(tenant, [engaged('me', 'popular')]);
      await graph.add(own, signal);
      const fill = `
        MATCH (c:Campaign_${version} {tenant: $tenant, id: 'popular'})
        UNWIND range(1, 30000) AS at
        CREATE (:Person_${version} {tenant: $tenant, id: 'p' + at})
          -[:ENGAGED_${version} {tenant: $tenant, user: 'p' + at, day: '2026-11-02', campaign: 'popular'}]->(c)`;
      await ask(fill, { tenant });
      const file = new URL('../../backing/graph/neo4j/neighbours.cypher', import.meta.url);
      const limits = Object.fromEntries(
        Object.entries(BOUNDS).map(([name, bound]) => [name, neo4j.int(bound)]),
      );
      const driver = neo4j.driver(url, neo4j.auth.basic(user, password), { disableLosslessIntegers: true });
      onTestFinished(() => driver.close());
      const asked = { tenant, user: 'me', from: ALWAYS.from_day, to: ALWAYS.to_day };
      const { summary } = await driver.executeQuery(`PROFILE ${readCypher(file, version)}`, {
        asked,
        ...limits,
      });
      type Plan = { operatorType: string; rows: number; children: Plan[] };
      const all = (plan: Plan): Plan[] => [plan, ...plan.children.flatMap(all)];
      const operators = all(summary.profile as unknown as Plan);
      expect(operators.map(({ operatorType }) => operatorType).filter((type) => /Scan/.test(type))).toEqual(
        [],
      );
      expect(operators.filter(({ operatorType }) => /Index/.test(operatorType)).length).toBeGreaterThan(5);
      expect(Math.max(...operators.map(({ rows }) => rows))).toBeLessThan(1_000);
    });

    test('two versions stand beside each other, and neither sees the other', async () => {
      const [{ graph: one }, { graph: two }, tenant] = [await open(), await open(), newTenant()];
      await one.add(edgesOf(tenant, [replied('ann', 'bob'), engaged('bob', 'c')]), signal);
      const query = { tenant_id: tenant, user_id: 'ann', ...ALWAYS };
      expect((await one.neighbours(query, signal)).replied).toHaveLength(1);
      expect((await two.neighbours(query, signal)).replied).toEqual([]);
      expect(await collect(two.dump())).toEqual([]);
    });

    test('the same batch again changes nothing in the database', async () => {
      const [{ graph, version }, { ask }, tenant] = [await open(), bystander(), newTenant()];
      const counted = async () => {
        const [row] = await ask(`MATCH (n:Person_${version}|Campaign_${version}|Message_${version})
          OPTIONAL MATCH (n)-[e]->() RETURN count(DISTINCT n) AS nodes, count(e) AS edges`);
        return row?.toObject();
      };
      await graph.add(batch(tenant, 300), signal);
      const before = await counted();
      await graph.add(batch(tenant, 300), signal);
      expect(await counted()).toEqual(before);
    });

    test('a connection that is cut in the middle of writing: every batch is written whole, and none is lost', async () => {
      const { graph, proxy } = await throughProxy();
      const { graph: embedded } = await embeddedStores();
      const tenant = newTenant();
      let done = 0;
      const writing = Array.from({ length: 24 }, async (_, round) => {
        await graph.add(batch(tenant, 100, round), signal);
        done++;
      });
      for (const some of [1, 8, 16]) {
        await vi.waitFor(() => expect(done).toBeGreaterThanOrEqual(some), { timeout: 60_000, interval: 1 });
        proxy.cut();
      }
      await Promise.all(writing);
      for (let round = 0; round < 24; round++) await embedded.add(batch(tenant, 100, round), signal);
      expect(await collect(graph.dump())).toEqual(await collect(embedded.dump()));
    });

    test('a question whose connection was cut is asked again; one that is refused fails with a code', async () => {
      const { graph, proxy } = await throughProxy({ retry_ms: 0 });
      const tenant = newTenant();
      await graph.add(edgesOf(tenant, [replied('ann', 'bob'), engaged('bob', 'c')]), signal);
      const query = { tenant_id: tenant, user_id: 'ann', ...ALWAYS };
      proxy.cut();
      expect((await graph.neighbours(query, signal)).replied).toHaveLength(1);
      proxy.refuse();
      const coded = { code: 'neo4j_unavailable', retryable: true };
      await expect(graph.neighbours(query, signal)).rejects.toMatchObject(coded);
      await expect(graph.add(batch(tenant, 1), signal)).rejects.toMatchObject(coded);
      proxy.heal();
      expect((await graph.neighbours(query, signal)).replied).toHaveLength(1);
    });

    test('a server that hangs is given up at the limit, with a code; the pool is made anew without it', async () => {
      const { graph, proxy, reports } = await throughProxy({
        connections: 2,
        read_ms: 500,
        connect_ms: 1_000,
      });
      const query = { tenant_id: newTenant(), user_id: 'ann', ...ALWAYS };
      await Promise.all([1, 2].map(() => graph.neighbours(query, signal)));
      proxy.blackHole();
      const hung = [1, 2].map(() => graph.neighbours(query, signal));
      for (const one of await Promise.allSettled(hung)) {
        expect(one).toMatchObject({
          reason: { code: expect.stringMatching(/^neo4j_(timeout|unavailable)$/), retryable: true },
        });
      }
      await vi.waitFor(() => expect(reports).toHaveLength(1), { timeout: 30_000 });
      expect(reports[0]).toMatchObject({ level: 'warn', message: 'the connections to Neo4j are made anew' });
      proxy.heal();
      await vi.waitFor(() => graph.neighbours(query, signal), { timeout: 30_000 });
    });

    test('a question is given up at its deadline, and the next one is answered', async () => {
      const { graph, proxy } = await throughProxy({ connections: 1 });
      const query = { tenant_id: newTenant(), user_id: 'ann', ...ALWAYS };
      proxy.delay(1_000);
      const deadline = AbortSignal.timeout(50);
      const error = await graph.neighbours(query, deadline).catch((thrown: unknown) => thrown);
      expect(error).toBe(deadline.reason);
      proxy.delay(0);
      await vi.waitFor(() => graph.neighbours(query, signal), { timeout: 30_000 });
    });
  });

  describe('the connection to Neo4j', () => {
    const running = (text: string) => ({
      text: `SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $text RETURN count(*) AS running`,
      parameters: { text },
    });

    /** A slow statement that the server's list can tell from any other. */
    function slow() {
      const mark = `marked_${randomUUID().replaceAll('-', '')}`;
      const { ask } = bystander();
      const count = async () => {
        const { text, parameters } = running(`AS ${mark}`);
        const [row] = await ask(text, parameters);
        // The list shows this question as well where it holds the mark; it holds it as a parameter.
        return row?.get('running') as number;
      };
      return { statement: { text: `${SLOW} AS ${mark}`, parameters: {} }, count };
    }

    test('a slow Cypher statement is cut off by the server at its deadline', async () => {
      const { statement, count } = slow();
      const { read, write } = pool({ read_ms: 300, write_ms: 300 });
      const timeout = { code: 'neo4j_timeout', retryable: true };
      const cut = { ...timeout, message: expect.stringContaining('cut the transaction off at its deadline') };
      await expect(read(statement, signal)).rejects.toMatchObject(cut);
      await expect(write([statement], signal)).rejects.toMatchObject(cut);
      expect(await count()).toBe(0);
      expect(await read({ text: 'RETURN 1 AS one', parameters: {} }, signal)).toEqual([{ one: 1 }]);
    });

    test('who aborts gets the reason at once, and the server stops what it did for them', async () => {
      const { statement, count } = slow();
      const { read, write, reports } = pool({ read_ms: 120_000, write_ms: 120_000, connections: 2 });
      const controller = new AbortController();
      const asking = Promise.allSettled([
        read(statement, controller.signal),
        write([statement], controller.signal),
      ]);
      await vi.waitFor(async () => expect(await count()).toBe(2), { timeout: 30_000 });
      controller.abort(new Error('enough'));
      for (const one of await asking) expect(one).toMatchObject({ reason: { message: 'enough' } });
      await vi.waitFor(async () => expect(await count()).toBe(0), { timeout: 30_000 });
      expect(await read({ text: 'RETURN 1 AS one', parameters: {} }, signal)).toEqual([{ one: 1 }]);
      expect(reports).toEqual([]);
    });

    test('transactions that wait in a circle: one gives way, runs again, and both are done', async () => {
      const [version, { ask }] = [await migratedVersion(), bystander()];
      const label = `Person_${version}`;
      await ask(`UNWIND ['a', 'b'] AS id CREATE (:${label} {tenant: 't', id: id, count: 0})`);
      const { write } = pool();
      const raise = (id: string) => ({
        text: `MATCH (n:${label} {tenant: 't', id: $id}) SET n.count = n.count + 1`,
        parameters: { id },
      });
      // Each holds one, and waits long enough with it that the others have theirs.
      const long = { text: 'UNWIND range(1, 300000) AS at RETURN sum(at)', parameters: {} };
      const circles = Array.from({ length: 6 }, (_, at) =>
        write(at % 2 ? [raise('a'), long, raise('b')] : [raise('b'), long, raise('a')], signal),
      );
      await Promise.all(circles);
      const rows = await ask(`MATCH (n:${label}) RETURN n.count AS count`);
      expect(rows.map((row) => row.get('count'))).toEqual([6, 6]);
    });

    test('no failure tells the password, or a value that a statement had', async () => {
      const hidden = 'hush-hush-hush';
      const reading = (settings: Partial<Neo4jGraphSettings>, text = 'RETURN 1') =>
        (async () => await pool(settings).read({ text, parameters: { id: hidden } }, signal))().catch(
          (thrown: unknown) => thrown,
        );
      const errors = [
        await reading({ password: hidden }),
        await reading({ password: hidden, url: 'bolt://127.0.0.1:1' }),
        await reading({ password: hidden, url: 'bolt+s://127.0.0.1:1' }),
        await reading({ password: hidden, url: `bolt://neo4j:${hidden}@127.0.0.1:7687` }),
        await reading({ url: hidden }),
        await reading({}, 'RETURN toInteger(duration($id))'),
        await reading({}, 'RETURN $id.a.b'),
      ];
      for (const error of errors) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^neo4j_(refused|unavailable)$/) });
        expect(inspect(error, { depth: null, showHidden: true })).not.toContain(hidden);
      }
    });

    test('a graph that was never made says what to do; a version that Cypher would read as something else is refused', async () => {
      await expect(open({ version: newVersion() })).rejects.toThrow('run npm run migrate -- up');
      for (const version of ['', 'V1', 'a b', 'v1`) DETACH DELETE (n', 'x'.repeat(64)]) {
        await expect(open({ version })).rejects.toMatchObject({ code: 'neo4j_refused' });
      }
    });

    test('migrations run once, though many run at once', async () => {
      const target = { ...access, version: newVersion() };
      const all = (await graphMigrations(target)).map(({ name }) => name);
      expect(all.length).toBeGreaterThan(0);
      expect((await graphMigrations(target)).every(({ applied_at }) => applied_at === null)).toBe(true);
      await Promise.all([1, 2, 3].map(() => migrateGraph(target)));
      const applied = await graphMigrations(target);
      expect(applied.every(({ applied_at }) => applied_at !== null)).toBe(true);
      expect(await migrateGraph(target)).toEqual([]);
      expect(await graphMigrations(target)).toEqual(applied);
    });

    test('versions that are made ready at once wait for none of each other', async () => {
      const targets = Array.from({ length: 4 }, () => ({ ...access, version: newVersion() }));
      await Promise.all(targets.map(migrateGraph));
      for (const target of targets)
        expect((await graphMigrations(target)).filter(({ applied_at }) => applied_at === null)).toEqual([]);
    });
  });

  describe('a server that is killed', () => {
    test('loses nothing that was acknowledged; what was under way is written once it is back, or fails with a code', async (context) => {
      const server = await ownService(neo4jService, context.skip);
      const own = {
        url: server.env['NEO4J_URL'] ?? '',
        user: server.env['NEO4J_USER'] ?? '',
        password: server.env['NEO4J_PASSWORD'] ?? '',
        version: 'v1',
      };
      await migrateGraph(own);
      const reports: object[] = [];
      const graph = await openNeo4jGraph({
        ...own,
        retry_ms: 500,
        report: (line) => void reports.push(line),
      });
      onTestFinished(() => graph.close());
      const tenant = newTenant();
      const kept: string[] = [];
      const failed: unknown[] = [];
      let stop = false;
      const writer = async (which: number) => {
        for (let at = 0; !stop; at++) {
          const ids = Array.from({ length: 20 }, (_, id) => `m-${which}-${at}-${id}`);
          const edges = edgesOf(
            tenant,
            ids.map((id) => wrote(`u-${which}`, id)),
          );
          await graph.add(edges, signal).then(
            () => kept.push(...ids),
            (error) => failed.push(error),
          );
        }
      };
      const writers = [0, 1, 2, 3].map(writer);
      await vi.waitFor(() => expect(kept.length).toBeGreaterThan(400), { timeout: 60_000 });
      await server.end();
      await vi.waitFor(() => expect(failed.length).toBeGreaterThan(3), { timeout: 60_000 });
      await server.start();
      const before = kept.length;
      await vi.waitFor(() => expect(kept.length).toBeGreaterThan(before + 100), { timeout: 120_000 });
      stop = true;
      await Promise.all(writers);
      for (const error of failed) {
        expect(error).toMatchObject({
          code: expect.stringMatching(/^neo4j_(unavailable|timeout|conflict)$/),
          retryable: true,
        });
      }
      const lines = await collect(graph.dump());
      const there = new Set(lines.map((line) => JSON.parse(line.slice(0, line.indexOf(' ')))[2] as string));
      expect(kept.filter((id) => !there.has(id))).toEqual([]);
      // A batch is there whole or not at all.
      expect(there.size % 20).toBe(0);
    });
  });
});
