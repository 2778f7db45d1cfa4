import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openStores, type Stores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openFolder } from '#backing/folder.ts';
import type { Caller } from '#contract/caller.ts';
import type { DeletionAccepted, DeletionStatus, PersonExport } from '#contract/deletion.ts';
import { eventRecord } from '#contract/envelope.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { topics, viewTopics } from '#contract/topics.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { startStack } from '../../infra/local/stack/stack.ts';
import { archiveView } from '../../ingest/views/archive.ts';
import { countersView } from '../../ingest/views/counters.ts';
import { embeddingsView } from '../../ingest/views/embeddings.ts';
import { graphView } from '../../ingest/views/graph.ts';
import { handlerOf } from '../../ingest/views/view.ts';
import { batchOf, never, partitionsOf } from '../ingest/small-world.ts';
import { canary, filesWith } from '../support/canaries.ts';
import { collect } from '../support/dump.ts';
import { temporaryFolder } from '../support/folder.ts';

const QUARTER_MS = 15 * 60_000;

/** All of it in one folder, with a clock that can be moved, and a way of asking both tiers as the edge does. */
async function openAll() {
  const path = join(await temporaryFolder(), 'data');
  let ahead_ms = 0;
  const clock = () => Date.now() + ahead_ms;
  const folder = openFolder(path);
  const keys = await readKeys(path);
  const ports = { gateway: 0, origin: 0 };
  const brief = { archive_linger_ms: 20, deletion_settle_ms: 0 };
  const stack = await startStack({ folder, keys, clock, ports, ...brief });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await stack.close();
    folder.close();
  };
  onTestFinished(close);
  const server: Caller = {
    tenant_id: 'acme',
    subject: null,
    scopes: ['events:write', 'users:delete', 'recommendations:read', 'admin'],
  };
  async function ask<Told = unknown>(
    tier: 'gateway' | 'origin',
    method: string,
    at: string,
    body: unknown = null,
    caller = server,
  ): Promise<{ status: number; body: Told }> {
    const url = new URL(at, tier === 'gateway' ? stack.gateway_url : stack.origin_url);
    const bytes = body === null ? null : new TextEncoder().encode(JSON.stringify(body));
    const [key] = await importKeys([keys[tier]]);
    const headers = await sign({ method, url, caller, deadline_ms: 9_000, body: bytes }, key as Key, clock());
    if (bytes) headers.set('Content-Type', 'application/json');
    const response = await fetch(url, { method, headers, body: bytes });
    return { status: response.status, body: (await response.json()) as Told };
  }
  const send = (...events: object[]) => ask('gateway', 'POST', '/v1/events', { events });
  const caughtUp = () =>
    vi.waitFor(
      async () => {
        for (const group of ['counters', 'embeddings', 'graph', 'archive']) {
          for (const topic of [topics.events, topics.imports]) {
            const [ends, read] = [
              await stack.log.ends(topic, never),
              await stack.log.committed(group, topic, never),
            ];
            expect(read).toEqual(ends);
          }
        }
      },
      { timeout: 20_000, interval: 50 },
    );
  const advance = (ms: number) => {
    ahead_ms += ms;
  };
  return { path, clock, stack, server, ask, send, caughtUp, advance, close };
}

/** What words stand in, of the files of the stores and in what the archive holds once it is unpacked. */
async function traces(path: string, stores: Stores, words: readonly string[]): Promise<string[]> {
  // The log forgets by its retention.
  const files = await filesWith(path, words, (file) => !/\/log\.db/.test(file));
  const found = files.map(({ file, word }) => `${file} ${word}`);
  for await (const partition of stores.archive.partitions(never)) {
    for (const { value } of await collect(stores.archive.records(partition, never))) {
      const text = Buffer.from(value).toString();
      const word = words.find((one) => text.includes(one));
      if (word) found.push(`archive ${word}`);
    }
  }
  return found;
}

/** As all views would see the log who begin at its start, each topic after the other. */
async function replayed(log: Parameters<typeof partitionsOf>[0], order: readonly string[]) {
  const path = join(await temporaryFolder(), 'replayed');
  await mkdir(path);
  const clock = () => Date.now();
  const stores = openStores({ path: (name) => join(path, name), clock, synchronous: 'normal' });
  onTestFinished(() => stores.close());
  const { counters, catalogue, deletions, vectors, graph, archive, answers } = stores;
  const { linger_ms: _, ...archiving } = archiveView({ archive, log, deletions });
  const views = [
    countersView({ counters, catalogue, deletions }),
    embeddingsView({ embedders: embeddersOf(hashingEmbedder), vectors }),
    graphView({ graph }),
    archiving,
  ];
  const partitions = await partitionsOf(log, order);
  for (const view of views) {
    const handle = handlerOf(view, { log, answers, clock });
    for (const records of partitions) await handle(batchOf(records));
  }
  return { path, stores };
}

test('a person who is forgotten during load leaves no trace in any store, dead letter or archived file, nor after a replay; what is late stays out, and what is new is welcome', async () => {
  const { path, clock, stack, ask, send, caughtUp, advance, close } = await openAll();
  const words: string[] = [];
  const word = () => {
    const made = canary();
    words.push(made);
    return made;
  };
  const now = (back_ms = 0) => new Date(clock() - back_ms).toISOString();
  let told = 0;
  const said = (back_ms = 0) => {
    const about = { user_id: 'ann', occurred_at: now(back_ms) };
    const text = `my ${word()} drops ${word()} after suspend`;
    const message = {
      ...about,
      type: 'message',
      message_id: word(),
      text,
      channel: word(),
      reply_to: word(),
    };
    const click = { ...about, type: 'click', message_id: word(), campaign_id: 'wifi', placement: word() };
    return [message, click];
  };
  const others = () => ({
    user_id: `bob-${told++ % 5}`,
    message_id: `b-${told}`,
    type: 'message',
    text: 'I hear you',
    reply_to_user_id: 'ann',
    occurred_at: now(),
  });

  for (let round = 0; round < 12; round++) await send(...said(), ...said(1_000), others(), others());
  const unread = word();
  const { key } = eventRecord({
    tenant_id: 'acme',
    accepted_at: now(),
    event: { ...others(), user_id: 'ann' } as never,
  });
  await stack.log.append(topics.events, [{ key, value: Buffer.from(`?${unread}`) }], never);
  await caughtUp();
  const before = await traces(path, stack.stores, words);
  for (const store of ['views.db', 'graph.db', 'vectors.db', 'archive'])
    expect(before.some((one) => one.includes(store))).toBe(true);
  type Letters = { letters: { id: string }[] };
  const letters = await ask<Letters>('gateway', 'GET', '/internal/dead-letters');
  expect(letters.body.letters.length).toBeGreaterThan(0);

  // Under load: of what is sent beside, who can tell whether it was before or after.
  let over = false;
  const load = (async () => {
    while (!over) await send(others(), others(), ...said(60_000));
  })();
  await send(...said());
  const forgotten = await ask<DeletionAccepted>('gateway', 'DELETE', '/v1/users/ann');
  expect(forgotten.status).toBe(202);
  const { deletion_id, forgotten_at } = forgotten.body;
  await send(...said(60_000), others());
  over = true;
  await load;
  await caughtUp();

  const status = async () =>
    (await ask<DeletionStatus>('origin', 'GET', `/v1/deletions/${deletion_id}`)).body;
  const done = async (...stores: string[]) =>
    vi.waitFor(
      async () => {
        const { stores: all } = await status();
        const open = all.filter(({ done_at }) => done_at === null).map(({ store }) => store);
        expect(open.filter((store) => stores.includes(store))).toEqual([]);
      },
      { timeout: 20_000, interval: 50 },
    );
  await done('counters', 'embeddings', 'graph', 'archive', 'dead_letters');
  expect((await status()).status).toBe('pending');
  advance(QUARTER_MS + 1_000);
  await done('answers');
  expect(await status()).toMatchObject({ deletion_id, forgotten_at, status: 'done' });

  expect(await traces(path, stack.stores, words)).toEqual([]);
  expect((await ask<Letters>('gateway', 'GET', '/internal/dead-letters')).body.letters).toEqual([]);

  // Late: of before they were forgotten, and accepted only now.
  await send(...said(QUARTER_MS + 60_000));
  await caughtUp();
  await vi.waitFor(async () => expect(await traces(path, stack.stores, words)).toEqual([]), {
    timeout: 10_000,
    interval: 100,
  });
  const exported = () => ask<PersonExport>('origin', 'GET', '/v1/users/ann/export');
  expect((await exported()).body).toMatchObject({
    profile: { messages: [], engagements: [] },
    edges: [],
    vectors: [],
  });

  const fresh = {
    user_id: 'ann',
    type: 'message',
    message_id: 'new-1',
    text: 'hello again',
    campaign_id: 'wifi',
    occurred_at: now(),
  };
  await send(fresh);
  await caughtUp();
  expect((await exported()).body).toMatchObject({
    profile: { messages: [{ message_id: 'new-1' }], engagements: [{ campaign_id: 'wifi' }] },
    vectors: [{ message_id: 'new-1' }],
    complete: true,
  });

  for (const order of [viewTopics, [...viewTopics].reverse()]) {
    const again = await replayed(stack.log, order);
    expect(await traces(again.path, again.stores, words)).toEqual([]);
    expect(await collect(again.stores.profiles.dump())).toEqual(await collect(stack.stores.profiles.dump()));
    expect(await collect(again.stores.graph.dump())).toEqual(await collect(stack.stores.graph.dump()));
  }
  const left = stack.stores;
  expect(await traces(path, left, words)).toEqual([]);
  await close();
  expect(await filesWith(path, words, (file) => !/\/log\.db/.test(file))).toEqual([]);
}, 120_000);

test('a person forgets, and is told of, themselves alone; a server anybody of its tenant', async () => {
  const { ask, server } = await openAll();
  const ann: Caller = { tenant_id: 'acme', subject: 'ann', scopes: ['users:delete'] };
  const bob: Caller = { ...ann, subject: 'bob' };
  const nobody: Caller = { ...ann, scopes: ['events:write'] };
  const rival: Caller = { ...server, tenant_id: 'rival' };

  expect((await ask('gateway', 'DELETE', '/v1/users/ann', null, bob)).status).toBe(404);
  expect((await ask('gateway', 'DELETE', '/v1/users/ann', null, nobody)).status).toBe(403);
  const { status, body } = await ask<DeletionAccepted>('gateway', 'DELETE', '/v1/users/ann', null, ann);
  expect(status).toBe(202);

  const at = `/v1/deletions/${body.deletion_id}`;
  await vi.waitFor(async () => expect((await ask('origin', 'GET', at, null, ann)).status).toBe(200), {
    timeout: 10_000,
  });
  expect((await ask('origin', 'GET', at, null, server)).status).toBe(200);
  for (const caller of [bob, rival]) expect((await ask('origin', 'GET', at, null, caller)).status).toBe(404);
  expect((await ask('origin', 'GET', at, null, nobody)).status).toBe(403);

  const exported = '/v1/users/ann/export';
  for (const caller of [ann, server])
    expect((await ask('origin', 'GET', exported, null, caller)).status).toBe(200);
  expect((await ask('origin', 'GET', exported, null, bob)).status).toBe(404);
  expect((await ask('origin', 'GET', exported, null, nobody)).status).toBe(403);
});
