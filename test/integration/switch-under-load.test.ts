import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { corpusOf } from '#backing/embedder/learnt/corpus.ts';
import { learntEmbedder } from '#backing/embedder/learnt/embedder.ts';
import { learnTable } from '#backing/embedder/learnt/learn.ts';
import type { Caller } from '#contract/caller.ts';
import type { CampaignList, Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { switchEmbeddings } from '../../infra/local/embeddings/switch.ts';
import { originApp } from '../../origin/app.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import { openRecommender } from '../../origin/recommender.ts';
import { corpus } from '../backing/embedder/corpus.ts';
import { watched } from '../origin/watched.ts';
import { openWorld, said, signal } from '../origin/world.ts';

const [PEOPLE, THEMES, ASKING, SWITCHES] = [31, 10, 16, 8];
const keys = await importKeys([{ id: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }]);
const TEXTS = corpus().slice(0, 1200);
const userOf = (at: number) => `user-${at % PEOPLE}`;
const themeOf = (at: number) => `campaign-${at % THEMES}`;

/** An origin over stores that have all vectors of both versions, whose every question tells which it asked for. */
async function openOrigin() {
  const spoken = TEXTS.map((text, at) => ({ user_id: userOf(at), text }));
  const table = await learnTable(corpusOf(spoken, []), signal);
  if (!table) throw new Error('Nothing was learnt');
  const learnt = learntEmbedder(table, 'acme');
  const embedders = embeddersOf(hashingEmbedder, learnt);
  const world = await openWorld('acme', { embedders, dependency_ms: 30_000 });
  const campaigns = Array.from({ length: THEMES }, (_, theme) => {
    const text = `a${theme}x0 a${theme}x1 a${theme}x2`;
    return { campaign_id: themeOf(theme), title: text, text };
  });
  await world.campaigns(...campaigns);
  await world.events(
    TEXTS.slice(0, 300).map((text, at) => said(userOf(at), text, at % 3 ? null : themeOf(at))),
  );

  const asking = new AsyncLocalStorage<Set<string>>();
  const told = (id: string) => void asking.getStore()?.add(id);
  const recommender = openRecommender(watched(world.options, told, (run) => run));
  const app = originApp({
    ...{ recommender, answers: world.stores.answers, keys, clock: world.clock, report: world.options.report },
    ...{ catalogue: world.stores.catalogue, placements: world.stores.placements },
    models: world.stores.models,
    bookmarks: openBookmarks({ progress: null, clock: world.clock, report: () => {} }),
  });
  /** Asks as the edge does: which versions were asked for, and what was answered. */
  async function ask(path: string, user: string, json?: object) {
    const url = new URL(path, 'http://origin.test');
    const [method, body] = json
      ? ['POST', new TextEncoder().encode(JSON.stringify(json))]
      : (['GET', null] as const);
    const scopes: Caller['scopes'] = ['recommendations:read', 'campaigns:read'];
    const caller: Caller = { tenant_id: 'acme', subject: user, scopes };
    const asked = { method, url, caller, deadline_ms: 60_000, body };
    const headers = await sign(asked, keys[0] as Key, world.clock());
    if (body) headers.set('Content-Type', 'application/json');
    const used = new Set<string>();
    const response = await asking.run(used, async () =>
      app.request(new Request(url, { method, headers, body })),
    );
    const answer = (await response.json()) as Recommendations | CampaignList;
    return { status: response.status, used: [...used], answer };
  }
  onTestFinished(() => recommender.close());
  return { world, embedders, learnt, ask };
}

test('no answer mixes embedding versions while a tenant is switched there and back under load', async () => {
  const { world, embedders, learnt, ask } = await openOrigin();
  const versions = [hashingEmbedder.version.id, learnt.version.id];
  const { catalogue, vectors, versions: rows, answers } = world.stores;
  const asked = {
    stores: { catalogue, vectors, versions: rows, answers },
    embedders,
    tenant_id: 'acme',
    signal,
  };
  const switchTo = (to = '') => switchEmbeddings(asked, { to, partial: false });
  const question = (at: number) => {
    const path = `/v1/users/${userOf(at)}/recommendations`;
    if (at % 3 === 0) return ask(path, userOf(at), { context: { text: TEXTS[at % TEXTS.length] } });
    return ask(at % 3 === 1 ? path : `/v1/campaigns/${themeOf(at)}/similar`, userOf(at));
  };
  // What people do alike is learnt of each version's vectors when it is first asked for.
  for (const id of versions) {
    await switchTo(id);
    await question(1);
  }

  const seen = new Map<string, number>();
  let [number, switching] = [0, true];
  const load = Array.from({ length: ASKING }, async () => {
    while (switching) {
      const { status, used, answer } = await question(number++);
      expect({ status, degraded: answer.degraded }).toEqual({ status: 200, degraded: [] });
      expect(used.length, used.join(' and ')).toBeLessThanOrEqual(1);
      for (const id of used) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
  });
  const changing = (async () => {
    try {
      for (let at = 0; at < SWITCHES; at++) {
        await switchTo(versions[at % 2]);
        const until = number + 2 * ASKING;
        // Events go on, so that none of the answers is only kept.
        for (; number < until; await new Promise(setImmediate))
          await world.events([said(userOf(number), TEXTS[number % TEXTS.length] as string)]);
        const { used } = await ask(`/v1/users/${userOf(at)}/recommendations?limit=${at + 1}`, userOf(at));
        expect(used).toEqual([versions[at % 2]]);
      }
    } finally {
      switching = false;
    }
  })();
  await Promise.all([...load, changing]);
  expect([...seen.keys()].sort()).toEqual([...versions].sort());
  for (const count of seen.values()) expect(count).toBeGreaterThan(50);
});
