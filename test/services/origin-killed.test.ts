import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { importKeys, type Key } from '#contract/signature.ts';
import { gatewayClient } from '../../infra/local/files/gateway-client.ts';
import { linesOf, sendLines } from '../../infra/local/files/send-lines.ts';
import { type Keys, pepperOf, readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startTier, stopTier } from '../support/tier.ts';

const TENANT = 'demo';
const CAMPAIGNS = ['wifi', 'print', 'sound'];
const [READERS, WRITERS] = [6, 2];
const SOON = { timeout: 20_000, interval: 100 };
/** What the queue was given is handed on again after 5 s, then 10, then 20. */
const LATER = { timeout: 90_000, interval: 250 };
const { signal } = new AbortController();

/** Gateway, views and origin as one process on a folder, at addresses that stay while it comes and goes. */
async function killable(keys: Keys, folder: string) {
  const embedded = ['LOG', 'RELATIONAL', 'VECTORS', 'GRAPH', 'ANSWERS', 'KEY_STORE', 'ARCHIVE'];
  const env = {
    ...Object.fromEntries(embedded.map((name) => [name, 'embedded'])),
    DATA: folder,
    OPERATIONS_PORT: '0',
    ORIGIN_KEYS: JSON.stringify([keys.origin]),
    GATEWAY_KEYS: JSON.stringify([keys.gateway]),
    KEY_PEPPERS: JSON.stringify([pepperOf(keys)]),
  };
  const [origin, gateway] = [
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: 0 },
  ];
  const before = async (target: typeof origin): Promise<FaultProxy> => {
    const proxy = await faultProxy(target);
    onTestFinished(() => proxy.close());
    return proxy;
  };
  const urlOf = ({ port }: FaultProxy) => `http://127.0.0.1:${port}`;
  const urls = { origin_url: urlOf(await before(origin)), gateway_url: urlOf(await before(gateway)) };

  const start = async () => {
    const tier = await startTier(['infra/local/main.ts', 'gateway', 'views', 'origin'], env, 3);
    origin.port = Number(new URL(tier.urlOf('origin')).port);
    gateway.port = Number(new URL(tier.urlOf('gateway')).port);
    return tier.child;
  };
  return { ...urls, start };
}

/** Does `work` over and over, so many at once, until it is ended; rejects with what any of it rejects with. */
function overAndOver(at_once: number, work: () => Promise<void>) {
  let on = true;
  const all = Promise.all(
    Array.from({ length: at_once }, async () => {
      while (on) await work();
    }),
  );
  return {
    async end() {
      on = false;
      await all;
    },
  };
}

test('killed under load, the origin costs no reader a 5xx, and no event that was posted meanwhile', async () => {
  const folder = await temporaryFolder();
  const keys = await readKeys(await temporaryFolder());
  const { start, ...urls } = await killable(keys, folder);
  let child = await start();
  const vars = { ...workerVars({ keys, tenants: [TENANT], ...urls }), READ_DEADLINE_MS: '1000' };
  const worker = await startWorker({ port: 0, vars, platform: true });
  onTestFinished(() => worker.close());

  const headersOf = async (user_id: string) => {
    const scopes = ['recommendations:read', 'events:write'] as const;
    const about = { keys, tenant_id: TENANT, user_id, scopes, lifetime_s: 3600, now_ms: Date.now() };
    return { Authorization: `Bearer ${await signToken(about)}`, 'Content-Type': 'application/json' };
  };
  const readers = await Promise.all(Array.from({ length: 200 }, (_, at) => headersOf(`reader-${at}`)));
  const reads: { status: number; cache: string; items: number }[] = [];
  const read = async (at: number) => {
    const url = new URL(`/v1/users/reader-${at}/recommendations`, worker.url);
    const response = await fetch(url, { headers: readers[at] ?? {} });
    const { items = [] } = (await response.json()) as { items?: unknown[] };
    const cache = response.headers.get('Cache-Status') ?? '';
    reads.push({ status: response.status, cache, items: items.length });
  };
  const writer = await headersOf('writer');
  const posted: string[] = [];
  const statuses = new Set<number>();
  const post = async () => {
    const message_id = `event-${posted.length}`;
    posted.push(message_id);
    const occurred_at = new Date().toISOString();
    const [campaign_id] = CAMPAIGNS;
    const event = { type: 'impression', message_id, user_id: 'writer', campaign_id, occurred_at };
    const body = JSON.stringify({ events: [event] });
    const url = new URL('/v1/events', worker.url);
    const response = await fetch(url, { method: 'POST', headers: writer, body });
    await response.arrayBuffer();
    statuses.add(response.status);
  };

  // What is popular is published once there is something that is.
  const [key] = (await importKeys([keys.gateway])) as [Key];
  const send = gatewayClient({ url: urls.gateway_url, key, tenant_id: TENANT, clock: Date.now, signal });
  const campaigns = CAMPAIGNS.map((campaign_id) => ({ campaign_id, title: campaign_id, text: campaign_id }));
  await sendLines({ send, route: 'campaigns', lines: linesOf(campaigns), onSent() {} });
  await vi.waitFor(async () => {
    await read(0);
    expect(reads.at(-1)).toMatchObject({ status: 200, items: CAMPAIGNS.length });
    await worker.everyMinute();
  }, SOON);

  let turn = 0;
  const reading = overAndOver(READERS, () => read(turn++ % readers.length));
  const writing = overAndOver(WRITERS, post);
  const more = async (count: number) => {
    const [before, events] = [reads.length, posted.length];
    await vi.waitFor(() => {
      expect(reads.length).toBeGreaterThan(before + count);
      expect(posted.length).toBeGreaterThan(events + count / 10);
    }, SOON);
  };
  await more(100);
  const killed = once(child, 'exit');
  child.kill('SIGKILL');
  await killed;
  const down = reads.length;
  await more(300);
  expect(reads.slice(down).some(({ cache }) => cache.includes('detail=popular'))).toBe(true);
  child = await start();
  const up = reads.length;
  const again = () => reads.slice(up).some(({ cache }) => /fwd=\w+; stored/.test(cache));
  await vi.waitFor(() => expect(again()).toBe(true), LATER);
  await reading.end();
  await writing.end();

  expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
  expect(reads.filter(({ items }) => items === 0)).toEqual([]);
  expect([...statuses]).toEqual([202]);
  const counted = () => {
    const db = new DatabaseSync(join(folder, 'views.db'), { readOnly: true });
    try {
      const { events } = db
        .prepare("SELECT sum(count) AS events FROM daily WHERE type = 'impression'")
        .get() as { events: number };
      return events;
    } finally {
      db.close();
    }
  };
  await vi.waitFor(() => expect(counted()).toBe(posted.length), LATER);
  expect(await stopTier(child)).toBe(0);
  expect(counted()).toBe(posted.length);
});
