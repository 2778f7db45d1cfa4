import { describe, expect, test, vi } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { readPorts } from '#backing/open/open-ports.ts';
import { RecordRefused } from '#backing/record-refused.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { groups, topics } from '#contract/topics.ts';
import { reconcilerOf } from '../../ingest/reconcile/keep-reconciling.ts';
import { runningViews } from '../infra/support/rebuilding.ts';
import { otherEmbedder } from '../support/other-embedder.ts';
import { campaignRecordOf } from './small-world.ts';

/** The rows of the store themselves, past whatever guards them. */
export type Rows<Row> = {
  take(campaign_id: string): Promise<Row>;
  put(row: Row): Promise<void>;
  remove(campaign_id: string): Promise<void>;
};

export type ReconcilingSubject<Row> = {
  name: string;
  /** Parts that nobody else uses. */
  open(): Promise<{ chosen: ReturnType<typeof readPorts>; rows: Rows<Row> }>;
};

const { signal } = new AbortController();
const { version } = hashingEmbedder;
const NOTHING = { missing: 0, outdated: 0, superfluous: 0 };
const text = (about: string) => ({ title: about, text: `all about ${about} and guitars` });

/** What holds of a reconciler, whatever the catalogue and the vectors are kept in. */
export function reconcilingContract<Row>({ name, open }: ReconcilingSubject<Row>): void {
  async function world(reconcile_ms?: number) {
    const { chosen, rows } = await open();
    const views = await runningViews(chosen, reconcile_ms === undefined ? {} : { reconcile_ms });
    const { log, answers, viewStores, embedders } = views.ports;
    const { vectors, catalogue } = {
      vectors: viewStores.serving('embeddings'),
      catalogue: viewStores.serving('counters').catalogue,
    };
    const lines: object[] = [];
    const means = { log, answers, viewStores, embedders, report: (line: object) => void lines.push(line) };
    const epoch = async () => (await answers.read('acme', null, signal)).tenant ?? 0;
    return {
      ...{ rows, lines, vectors, catalogue, means, epoch },
      /** Puts a campaign, or with null deletes it, and waits for the views. */
      async change(campaign_id: string, campaign: object | null) {
        await log.append(topics.campaigns, [campaignRecordOf(campaign_id, campaign)], signal);
        for (const group of [groups.counters, groups.embeddings])
          await caughtUp(log, group, [topics.campaigns], signal);
      },
      turn: (others: Partial<Parameters<typeof reconcilerOf>[0]> = {}) =>
        reconcilerOf({ ...means, ...others })(signal),
      vectorOf: (campaign_id: string) => vectors.campaign(version, 'acme', campaign_id, signal),
    };
  }

  describe(`reconciling campaign vectors with the catalogue: ${name}`, () => {
    test('what is missing, of an older content or left of a deleted campaign is mended, and the epoch raised', async () => {
      const { rows, change, turn, vectorOf, epoch, lines } = await world();
      for (const id of ['lost', 'old', 'left', 'untouched']) await change(id, text(id));
      const [old, left] = [await rows.take('old'), await rows.take('left')];
      await change('old', text('something else'));
      await change('left', null);
      const [lostVector, newVector] = [await vectorOf('lost'), await vectorOf('old')];
      await rows.remove('lost');
      await rows.put(old);
      await rows.put(left);
      expect(await vectorOf('lost')).toBeNull();
      expect(await vectorOf('old')).not.toEqual(newVector);
      expect(await vectorOf('left')).not.toBeNull();

      const before = await epoch();
      const { repairs, failures } = await turn();
      const repaired = { missing: 1, outdated: 1, superfluous: 1 };
      expect(failures).toBe(0);
      expect(repairs).toEqual([{ tenant_id: 'acme', embedding: version.id, group: 'embeddings', repaired }]);
      expect(lines).toEqual([expect.objectContaining({ level: 'warn', tenant_id: 'acme', ...repaired })]);
      expect(await vectorOf('lost')).toEqual(lostVector);
      expect(await vectorOf('old')).toEqual(newVector);
      expect(await vectorOf('left')).toBeNull();
      expect(await epoch()).toBeGreaterThan(before);
      expect((await turn()).repairs).toEqual([]);
    });

    test('a store that agrees is left alone: nothing is written, no epoch raised', async () => {
      const { change, turn, epoch, means, lines } = await world();
      for (const id of ['a', 'b']) await change(id, text(id));
      await change('b', null);
      await change('silent', { title: '!', text: '…' });
      const before = await epoch();
      const put = vi.fn<Vectors['putCampaigns']>();
      const open = async () => ({ ...means.viewStores.serving('embeddings'), putCampaigns: put });
      const viewStores = { ...means.viewStores, open } as unknown as typeof means.viewStores;
      expect(await turn({ viewStores })).toEqual({ repairs: [], failures: 0 });
      expect(put).not.toHaveBeenCalled();
      expect(await epoch()).toBe(before);
      expect(lines).toEqual([]);
    });

    test('what the embeddings have not come to yet is left to them', async () => {
      const { rows, change, turn, vectorOf, means } = await world();
      await change('a', text('a'));
      await rows.remove('a');
      const log = {
        ...means.log,
        committed: async () => (await means.log.ends(topics.campaigns, signal)).map(() => 0),
      };
      expect((await turn({ log })).repairs).toEqual([]);
      expect(await vectorOf('a')).toBeNull();
      expect((await turn()).repairs).toMatchObject([{ repaired: { ...NOTHING, missing: 1 } }]);
      expect(await vectorOf('a')).not.toBeNull();
    });

    test('every embedder that is configured is looked at: a new one is given vectors of all campaigns', async () => {
      const { rows, change, turn, vectors, vectorOf } = await world();
      for (const id of ['a', 'b']) await change(id, text(id));
      await rows.remove('b');
      const { repairs } = await turn({ embedders: embeddersOf(hashingEmbedder, otherEmbedder) });
      expect(repairs.map(({ embedding, repaired }) => [embedding, repaired.missing])).toEqual([
        [version.id, 1],
        [otherEmbedder.version.id, 2],
      ]);
      expect(await vectorOf('b')).not.toBeNull();
      expect(await vectors.campaign(otherEmbedder.version, 'acme', 'a', signal)).not.toBeNull();
    });

    test('the views do it by themselves', async () => {
      const { rows, change, vectorOf, epoch } = await world(50);
      await change('a', text('a'));
      const before = await epoch();
      await rows.remove('a');
      await vi.waitFor(async () => expect(await vectorOf('a')).not.toBeNull(), { timeout: 10_000 });
      await vi.waitFor(async () => expect(await epoch()).toBeGreaterThan(before), { timeout: 10_000 });
    });

    test('a content that is refused for good is told, and costs the others nothing', async () => {
      const { rows, change, turn, vectorOf, lines } = await world();
      for (const id of ['a', 'bad', 'c']) await change(id, text(id));
      for (const id of ['a', 'bad', 'c']) await rows.remove(id);
      const embedders = embeddersOf({
        version,
        async embed(texts, within) {
          if (texts.some((one) => one.startsWith('bad'))) throw new RecordRefused('Never');
          return hashingEmbedder.embed(texts, within);
        },
      });
      expect((await turn({ embedders })).failures).toBe(1);
      expect(lines).toContainEqual(expect.objectContaining({ level: 'error' }));
      expect(await vectorOf('a')).not.toBeNull();
      expect(await vectorOf('bad')).toBeNull();
      expect(await vectorOf('c')).not.toBeNull();
    });

    test('an epoch that could not be raised is raised at the next turn', async () => {
      const { rows, change, epoch, means } = await world();
      await change('a', text('a'));
      await rows.remove('a');
      let down = true;
      const raise: typeof means.answers.raise = (...args) =>
        down ? Promise.reject(new Error('down')) : means.answers.raise(...args);
      const turn = reconcilerOf({ ...means, answers: { ...means.answers, raise } });
      const before = await epoch();
      expect((await turn(signal)).failures).toBe(1);
      expect(await epoch()).toBe(before);
      down = false;
      expect(await turn(signal)).toEqual({ repairs: [], failures: 0 });
      expect(await epoch()).toBeGreaterThan(before);
    });
  });
}
