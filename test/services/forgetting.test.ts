import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import neo4j from 'neo4j-driver';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openPorts } from '#backing/open/open-ports.ts';
import type { Caller } from '#contract/caller.ts';
import type { DeletionAccepted } from '#contract/deletion.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { groups, topics, viewTopics } from '#contract/topics.ts';
import { apart } from '../../infra/local/compare/apart.ts';
import { gatewayApp } from '../../ingest/gateway/gateway-app.ts';
import { startViews } from '../../ingest/start.ts';
import { canary } from '../support/canaries.ts';
import { collect } from '../support/dump.ts';
import { temporaryFolder } from '../support/folder.ts';
import { newTenant } from '../support/tenant.ts';
import { onServices } from './on-service.ts';
import { postgresUrl } from './postgres.ts';

const { signal } = new AbortController();
const PATIENCE = { timeout: 60_000, interval: 250 };
const QUARTER_MS = 15 * 60_000;

/** Gateway and views on the real services, under names of their own, which are removed with all they hold. */
async function openReal() {
  const name = `forget_${randomBytes(6).toString('hex')}`;
  const env = {
    ...process.env,
    KAFKA_PARTITIONS: '4',
    KAFKA_REPLICAS: '1',
    ANSWERS: 'embedded',
    EMBEDDER: 'hashing',
  };
  const data = join(await temporaryFolder(), 'data');
  const { chosen, means, remove } = await apart({ env, name, data, application: 'edgewise-test' });
  onTestFinished(remove);
  const closing = new AsyncDisposableStack();
  onTestFinished(() => closing.disposeAsync());
  let ahead_ms = 0;
  const clock = () => Date.now() + ahead_ms;
  const { log, relational, ...ports } = await openPorts<'gateway' | 'views'>(closing, chosen, means);
  const stores = { ...relational, ...ports.switches, ...ports };
  const failures: unknown[] = [];
  const start = () =>
    startViews({
      log,
      ...stores,
      archive_linger_ms: 200,
      deletion_settle_ms: 0,
      clock,
      onError: ({ error, retry_ms }) => {
        if (retry_ms === null) failures.push(error);
      },
    });
  let views = await start();
  closing.defer(() => views.close());
  const keys = await importKeys([{ id: 'g', secret: randomBytes(32).toString('base64url') }]);
  const app = gatewayApp({ log, keys, clock });
  const caller: Caller = {
    tenant_id: newTenant(),
    subject: null,
    scopes: ['events:write', 'users:delete', 'admin'],
  };
  async function ask<Told>(method: string, path: string, body: unknown = null): Promise<Told> {
    const url = new URL(path, 'http://gateway.test');
    const bytes = body === null ? null : new TextEncoder().encode(JSON.stringify(body));
    const request = { method, url, caller, deadline_ms: 30_000, body: bytes };
    const headers = await sign(request, keys[0] as Key, clock());
    headers.set('Content-Type', 'application/json');
    const response = await app.request(new Request(url, { method, headers, body: bytes }));
    expect(response.status).toBeLessThan(300);
    return (await response.json()) as Told;
  }
  const caughtUp = () =>
    vi.waitFor(async () => {
      expect(failures).toEqual([]);
      for (const group of Object.values(groups)) {
        const read = await log.committed(group, topics.events, signal);
        expect(read).toEqual(await log.ends(topics.events, signal));
      }
    }, PATIENCE);
  const advance = (ms: number) => {
    ahead_ms += ms;
  };
  /** Has all views read again whatever the log holds. */
  const replay = async () => {
    await views.close();
    for (const group of Object.values(groups))
      for (const topic of viewTopics)
        for (const [partition, offset] of (await log.starts(topic, signal)).entries())
          await log.moveTo(group, { topic, partition, offset }, signal);
    const [from] = await log.committed(groups.graph, topics.events, signal);
    expect(from).toBe(0);
    views = await start();
    await caughtUp();
  };
  return { name, stores, tenant_id: caller.tenant_id, clock, ask, caughtUp, advance, replay };
}

type Real = Awaited<ReturnType<typeof openReal>>;

/** All that the servers hold under that name, as text, by where it stands. */
async function heldBy({ name, stores }: Real): Promise<Record<string, string>> {
  const { profiles, counters, vectors, graph, deletions, archive } = stores;
  const held: Record<string, string> = {};
  for (const [store, { dump }] of Object.entries({ profiles, counters, vectors, graph, deletions }))
    held[store] = (await collect(dump())).join('\n');

  const client = new pg.Client({ connectionString: postgresUrl() });
  await client.connect();
  const { rows: tables } = await client.query(
    "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = $1",
    [name],
  );
  expect(tables.length).toBeGreaterThan(5);
  for (const table of tables) {
    const { rows } = await client.query(`SELECT kept::text AS row FROM ${table.name} AS kept`);
    held[table.name] = rows.map(({ row }) => row).join('\n');
  }
  await client.end();

  const { NEO4J_URL = '', NEO4J_USER = 'neo4j', NEO4J_PASSWORD = '' } = process.env;
  const driver = neo4j.driver(NEO4J_URL, neo4j.auth.basic(NEO4J_USER, NEO4J_PASSWORD));
  const found = await driver.executeQuery(
    `MATCH (node) WHERE any(label IN labels(node) WHERE label ENDS WITH $ending)
     OPTIONAL MATCH (node)-[edge]->() RETURN properties(node) AS node, properties(edge) AS edge`,
    { ending: `_${name}` },
  );
  held['Neo4j'] = JSON.stringify(found.records.map((record) => record.toObject()));
  await driver.close();

  const rows: string[] = [];
  for await (const partition of archive.partitions(signal)) {
    for await (const { value } of archive.records(partition, signal))
      rows.push(Buffer.from(value).toString());
  }
  held['archive'] = rows.join('\n');
  return held;
}

const tracesIn = (held: Record<string, string>, words: readonly string[]) =>
  Object.entries(held).flatMap(([where, text]) => {
    const word = words.find((one) => text.includes(one));
    return word ? [`${where}: ${word}`] : [];
  });

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' },
    { name: 'S3', variable: 'S3_ENDPOINT', up: 's3' },
  ],
  () => {
    test('a person who is forgotten during load leaves no trace in PostgreSQL, Milvus, Neo4j or S3, nor after all is read again; what is late stays out, and what is new is welcome', async () => {
      const real = await openReal();
      const { stores, tenant_id, clock, ask, caughtUp, advance, replay } = real;
      const words: string[] = [];
      const word = () => {
        const made = canary();
        words.push(made);
        return made;
      };
      const now = (back_ms = 0) => new Date(clock() - back_ms).toISOString();
      const said = (back_ms = 0) => {
        const about = { user_id: 'ann', occurred_at: now(back_ms) };
        const text = `my ${word()} drops after suspend`;
        return [
          { ...about, type: 'message', message_id: word(), text, channel: word(), reply_to: word() },
          { ...about, type: 'click', message_id: word(), campaign_id: 'wifi', placement: word() },
        ];
      };
      let told = 0;
      const other = () => ({
        user_id: `bob-${told++ % 3}`,
        message_id: `b-${told}`,
        type: 'message',
        text: 'I hear you',
        reply_to_user_id: 'ann',
        occurred_at: now(),
      });
      const send = (...events: object[]) => ask('POST', '/v1/events', { events });

      for (let round = 0; round < 5; round++) await send(...said(), ...said(1_000), other());
      await caughtUp();
      const before = tracesIn(await heldBy(real), words).join('\n');
      for (const where of ['profiles', 'vectors', 'graph', 'Neo4j', 'archive'])
        expect(before).toContain(where);

      let over = false;
      const load = (async () => {
        while (!over) await send(other(), ...said(60_000));
      })();
      await send(...said());
      const { deletion_id } = await ask<DeletionAccepted>('DELETE', '/v1/users/ann');
      await send(...said(60_000), other());
      over = true;
      await load;
      await caughtUp();

      const done = (many: number) =>
        vi.waitFor(async () => {
          const progress = await stores.deletions.read(tenant_id, deletion_id, signal);
          expect(progress?.stores.filter(({ done_at }) => done_at !== null)).toHaveLength(many);
        }, PATIENCE);
      await done(5);
      advance(QUARTER_MS + 60_000);
      await done(6);
      expect(tracesIn(await heldBy(real), words)).toEqual([]);

      await send(...said(QUARTER_MS + 120_000), other());
      await caughtUp();
      expect(tracesIn(await heldBy(real), words)).toEqual([]);

      const once = await collect(stores.counters.dump());
      await replay();
      expect(tracesIn(await heldBy(real), words)).toEqual([]);
      expect(await collect(stores.counters.dump())).toEqual(once);
      expect((await stores.profiles.read(tenant_id, 'ann', signal)).messages).toEqual([]);

      const fresh = { user_id: 'ann', message_id: 'new-1', campaign_id: 'wifi', occurred_at: now() };
      await send({ ...fresh, type: 'message', text: 'hello again' });
      await caughtUp();
      const { messages, engagements } = await stores.profiles.read(tenant_id, 'ann', signal);
      expect([messages.length, engagements.length]).toEqual([1, 1]);
      const person = { tenant_id, user_id: 'ann' };
      expect(await stores.vectors.messagesOf(person, 10, signal)).toMatchObject([{ message_id: 'new-1' }]);
      expect(await stores.graph.edgesOf(person, 10, signal)).toEqual([
        { kind: 'engaged', day: fresh.occurred_at.slice(0, 10), of: 'wifi' },
        { kind: 'wrote', day: fresh.occurred_at.slice(0, 10), of: 'new-1' },
      ]);
    });
  },
);
