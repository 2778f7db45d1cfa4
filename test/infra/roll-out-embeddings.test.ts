import { describe, expect, test } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { noTables } from '#backing/embedder/learnt/tables.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { deletionRecord } from '#contract/envelope.ts';
import { groups, topics, viewTopics } from '#contract/topics.ts';
import { check } from '../../infra/local/embeddings/check.ts';
import { drop } from '../../infra/local/embeddings/drop.ts';
import { fill } from '../../infra/local/embeddings/fill.ts';
import { learn, rollOut } from '../../infra/local/embeddings/learn.ts';
import type { RollingOut } from '../../infra/local/embeddings/rolling-out.ts';
import { embeddingStatus, switchEmbeddings } from '../../infra/local/embeddings/switch.ts';
import { rebuild } from '../../infra/local/rebuild/rebuild.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import type { VersionsOptions } from '../../ingest/versions.ts';
import { collect } from '../support/dump.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';
import { breaking, runningViews } from './support/rebuilding.ts';
import { talking } from './support/talking.ts';

const { signal } = new AbortController();
const usual = hashingEmbedder.version;
const little = { least_texts: 500 };
const whole = { partial: false };

async function world(others: Partial<VersionsOptions> = {}) {
  const DATA = await temporaryFolder();
  const chosen = readPorts(['gateway', 'views', 'origin'], {}, { ...ALL_EMBEDDED, DATA });
  const { ports, ...running } = await runningViews(chosen, others);
  const { relational, switches, vectors, answers, embedders, learnt, log, archive } = ports;
  const { versions, viewVersions } = switches;
  const on: RollingOut = {
    tenant_id: 'acme',
    stores: { catalogue: relational.catalogue, versions, vectors, answers },
    ...{ embedders, viewVersions, tables: learnt, log, archive, signal },
    progress: noProgress,
    say() {},
    views_run: true,
    noticed_ms: 0,
  };
  const settled = () => caughtUp(log, groups.embeddings, viewTopics, signal);
  return { ...running, ports, on, settled, talk: talking(log) };
}
type World = Awaited<ReturnType<typeof world>>;

const epoch = async ({ on }: World) => (await on.stores.answers.read('acme', null, signal)).tenant;
const linesOf = async ({ on }: World, id: string) =>
  (await collect(on.stores.vectors.dump())).filter((line) => line.includes(`"${id}"`));

describe("a tenant's own embeddings", () => {
  test('are learnt and filled while events go on, switched to and back, kept up beside, and dropped', async () => {
    const all = await world();
    const { on, talk, ports, settled, archived, failures } = all;
    await talk.say(700);
    await talk.campaigns();
    await archived();
    await talk.say(100);

    const version = await talk.whileTalking(async () => {
      const { id } = await learn(on, little);
      return rollOut(on, id, Date.now);
    });
    expect(on.embedders.of(version)?.tenant_id).toBe('acme');
    await settled();
    await talk.expectAll(ports, version);
    expect(await on.stores.versions.current('acme', signal)).toBeNull();

    for (const to of [version, usual]) {
      const before = await epoch(all);
      await talk.whileTalking(() => switchEmbeddings(on, { to: to.id, ...whole }));
      expect(await on.stores.versions.current('acme', signal)).toEqual(to);
      expect(await epoch(all)).toBeGreaterThan(before);
      if (to === version) await expect(drop(on, version.id)).rejects.toThrow(`acme has ${version.id}`);
    }
    await settled();
    for (const one of [version, usual]) await talk.expectAll(ports, one);
    expect((await embeddingStatus(on)).versions).toEqual(
      [usual, version].map((one) => ({ version: one, campaigns: 10, with_vector: 10 })),
    );

    await expect(drop(on, usual.id)).rejects.toThrow('is configured for all tenants');
    await expect(drop({ ...on, tenant_id: 'other' }, version.id)).rejects.toThrow('is not of other');
    expect(await linesOf(all, version.id)).not.toEqual([]);
    await drop(on, version.id);
    await talk.say(20);
    await settled();
    expect(await linesOf(all, version.id)).toEqual([]);
    await talk.expectAll(ports, usual);
    expect(failures).toEqual([]);
  });

  test('are in a version of the embeddings that is made anew, and none is learnt while one stands beside', async () => {
    const all = await world();
    const { on, talk, archived, rebuilding, dumps } = all;
    await talk.say(700);
    await talk.campaigns();
    await archived();
    const { id } = await learn(on, little);
    await rollOut(on, id, Date.now);
    const view = rebuilding('embeddings');
    expect(await rebuild(view, { from: 'archive', accept_differences: false })).toMatchObject({ serving: 2 });
    const [old, made] = await dumps(view, 1, 2);
    expect(made).toEqual(old);
    expect(made?.['vectors']?.filter((line) => line.includes(`"${id}"`))).toHaveLength(710);
    for (const refused of [learn(on, little), fill(on, id), drop(on, id)])
      await expect(refused).rejects.toThrow('npm run rebuild -- --view embeddings --finish');
  });

  test('are not learnt of too little: then the tenant shares the version that is configured', async () => {
    const { on, talk, ports } = await world();
    await talk.say(300);
    await expect(learn(on)).rejects.toThrow(
      'There are 300 texts, and too little is learnt of fewer than 5,000, so acme goes on sharing hashing-256-v1',
    );
    await expect(learn({ ...on, tenant_id: 'other' }, { least_texts: 0 })).rejects.toThrow(
      'Too few words are used by several people, so other goes on sharing hashing-256-v1',
    );
    await expect(learn({ ...on, tables: noTables })).rejects.toMatchObject({ code: 'no_tables' });
    expect(ports.learnt.all()).toEqual([]);
  });

  test('know nothing of what was said by who was forgotten, nor of anybody by name', async () => {
    const { on, talk } = await world();
    await talk.say(700);
    const words = ['stayingcanary', 'leavingcanary'];
    const speakers = ['zebedee', 'b-1', 'b-2', 'b-3', 'b-4', 'b-5'];
    const canaries = speakers.flatMap((user_id) =>
      Array.from({ length: 4 }, (_, i) => {
        const text = `${words.slice(0, user_id.startsWith('b-') ? 2 : 1).join(' ')} a1x1 zebedee`;
        return { user_id, message_id: `canary-${i}`, text };
      }),
    );
    await talk.append(canaries);
    const leaving = ['zebedee', 'b-5'].map((user_id, at) =>
      deletionRecord({
        tenant_id: 'acme',
        accepted_at: '2026-11-01T10:00:01.000Z',
        deletion: { deletion_id: `00000000-0000-4000-8000-00000000000${at}`, user_id },
      }),
    );
    const learnt = async () => {
      const { id } = await learn(on, little);
      const embedder = on.embedders.all.find(({ version }) => version.id === id);
      const vectors = (await embedder?.embed([...words, 'zebedee', 'a1x1'], signal)) ?? [];
      return vectors.map((vector) => vector.some((x) => x !== 0));
    };
    expect(await learnt()).toEqual([true, true, false, true]);
    await on.log.append(topics.events, leaving, signal);
    // Four others said either word: one fewer than may.
    expect(await learnt()).toEqual([false, false, false, true]);
  });

  test('are filled from where that was cut off', async () => {
    const { on, talk, ports, archived } = await world();
    await talk.say(1600);
    await talk.campaigns();
    await archived();
    const { id } = await learn(on, little);
    await expect(fill({ ...on, archive: breaking(on.archive, 1500) }, id)).rejects.toThrow('cut off');
    let replayed = 0;
    const counting: RollingOut['archive'] = {
      ...on.archive,
      async *records(stretch, s) {
        for await (const record of on.archive.records(stretch, s)) {
          replayed++;
          yield record;
        }
      },
    };
    const version = await fill({ ...on, archive: counting }, id);
    expect(replayed).toBeLessThan(1600);
    await talk.expectAll(ports, version);
  });

  test('are not said to be ready where views write no vectors of them', async () => {
    const { on, talk, settled } = await world({ embedders: embeddersOf(hashingEmbedder) });
    await talk.say(700);
    await talk.campaigns();
    const { id } = await learn(on, little);
    const since_ms = Date.now();
    await fill(on, id);
    await check(on, id, since_ms);
    await talk.say(200);
    await settled();
    await expect(check(on, id, since_ms)).rejects.toThrow(
      /Of 900 messages sampled, 200 have another vector .* see that all views run with LEARNT set/,
    );
  });
});

test('the command tells in a sentence why it does nothing', async () => {
  const data = await temporaryFolder();
  const about = ['--tenant', 'demo', '--data', data];
  expect(await cli('embeddings', 'learn', ...about)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There are 0 texts, and too little is learnt of fewer than 5,000'),
  });
  expect(await cli('embeddings', 'fill', ...about, '--to', 'learnt-128-0')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No embedder of the version learnt-128-0 is configured for demo'),
  });
  expect(await cli('embeddings', 'drop', ...about, '--version', 'hashing-256-v1')).toMatchObject({
    code: 1,
    stderr: 'hashing-256-v1 is configured for all tenants: take it out of EMBEDDER everywhere first\n',
  });
});
