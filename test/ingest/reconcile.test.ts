import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { createNoopMeter } from '@opentelemetry/api';
import { expect, onTestFinished, test, vi } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { firstState } from '#backing/view-versions/port.ts';
import { groups, topics } from '#contract/topics.ts';
import { rebuild } from '../../infra/local/rebuild/rebuild.ts';
import { keepReconciling, reconcilerOf } from '../../ingest/reconcile/keep-reconciling.ts';
import { cli } from '../infra/support/cli.ts';
import { runningViews } from '../infra/support/rebuilding.ts';
import { temporaryFolder } from '../support/folder.ts';
import { otherEmbedder } from '../support/other-embedder.ts';
import { type Rows, reconcilingContract } from './reconciling.ts';
import { campaignRecordOf, openWorld, runToEnd } from './small-world.ts';

const { signal } = new AbortController();
const EMBEDDED = {
  LOG: 'embedded',
  RELATIONAL: 'embedded',
  VECTORS: 'embedded',
  GRAPH: 'embedded',
  ANSWERS: 'embedded',
  KEY_STORE: 'embedded',
  ARCHIVE: 'embedded',
};
const embeddedIn = (DATA: string) => readPorts(['gateway', 'views', 'origin'], {}, { ...EMBEDDED, DATA });

type Row = Record<string, SQLOutputValue>;

/** The rows of a folder's vectors, by a connection of its own. */
function rowsIn(folder: string, file = 'vectors.db'): Rows<Row> {
  async function on<Value>(work: (db: DatabaseSync) => Value): Promise<Value> {
    const db = new DatabaseSync(join(folder, file), { timeout: 5_000 });
    try {
      return work(db);
    } finally {
      db.close();
    }
  }
  const put = (row: Row) => {
    const [names, places] = [Object.keys(row), Object.keys(row).map(() => '?')];
    return `INSERT OR REPLACE INTO campaign_vectors (${names.join(', ')}) VALUES (${places.join(', ')})`;
  };
  return {
    take: (id) =>
      on((db) => db.prepare('SELECT * FROM campaign_vectors WHERE campaign_id = ?').get(id) as Row),
    put: (row) => on((db) => void db.prepare(put(row)).run(...Object.values(row))),
    remove: (id) => on((db) => void db.prepare('DELETE FROM campaign_vectors WHERE campaign_id = ?').run(id)),
  };
}

reconcilingContract({
  name: 'embedded',
  async open() {
    const folder = await temporaryFolder();
    return { chosen: embeddedIn(folder), rows: rowsIn(folder) };
  },
});

test('the version beside is mended as well once it is kept up, and not while it is being made', async () => {
  const data = await temporaryFolder();
  const { ports, append, archived, rebuilding } = await runningViews(embeddedIn(data));
  const { log, answers, embedders, viewStores, switches } = ports;
  await append(20);
  await archived();
  await rebuild(rebuilding('embeddings'), { from: 'archive', accept_differences: false });
  const lost = 'campaign-0';
  for (const file of ['vectors.db', 'vectors_r2.db']) await rowsIn(data, file).remove(lost);
  const turn = reconcilerOf({ log, answers, embedders, viewStores, report() {} });
  const looked = (one: Awaited<ReturnType<typeof turn>>) => one.repairs.map(({ group }) => group);

  const state = await switches.viewVersions.read('embeddings', signal);
  const states = () => [{ ...state, keeps_up: false }];
  const making = reconcilerOf({
    ...{ log, answers, embedders, report() {} },
    viewStores: { ...viewStores, states },
  });
  expect(state).toMatchObject({ serving: 2, beside: 1, keeps_up: true });
  expect(looked(await making(signal))).toEqual(['embeddings_r2']);
  expect(looked(await turn(signal))).toEqual(['embeddings']);
  expect(looked(await turn(signal))).toEqual([]);
});

test('what is mended is counted, by kind and embedding', async () => {
  const world = openWorld();
  const { log, stores } = world;
  const records = ['one', 'two'].map((id) => campaignRecordOf(id, { title: 'Guitars', text: 'Strings' }));
  await log.append(topics.campaigns, records, signal);
  await runToEnd(world);
  const told: unknown[] = [];
  const meter = createNoopMeter();
  meter.createCounter = (name) => ({ add: (many, about) => void told.push([name, many, about]) });
  const embedders = embeddersOf(hashingEmbedder, otherEmbedder);
  const viewStores = {
    states: () => [firstState('embeddings')],
    serving: () => stores,
    open: async () => stores.vectors,
  } as never;
  await reconcilerOf({ viewStores, log, embedders, meter, answers: stores.answers, report() {} })(signal);
  expect(told).toEqual([
    ['edgewise.reconcile.repaired', 2, { kind: 'missing', embedding: otherEmbedder.version.id }],
  ]);
});

test('npm run reconcile mends a data folder, and says what it mended', async () => {
  const data = await temporaryFolder();
  const { ports, close } = await runningViews(embeddedIn(data));
  const records = ['a', 'b'].map((id) => campaignRecordOf(id, { title: id, text: 'text' }));
  await ports.log.append(topics.campaigns, records, signal);
  for (const group of [groups.counters, groups.embeddings])
    await caughtUp(ports.log, group, [topics.campaigns], signal);
  await close();
  await rowsIn(data).remove('a');
  const first = await cli('reconcile', '--data', data);
  expect(first).toMatchObject({ code: 0, stdout: 'mended: 1 missing, 0 outdated, 0 superfluous\n' });
  expect(await rowsIn(data).take('a')).toMatchObject({ campaign_id: 'a' });
  expect(await cli('reconcile', '--data', data)).toMatchObject({ code: 0, stdout: 'nothing was mended\n' });
});

test('a store that fails is told of and asked again at the next turn; closing ends a turn that hangs', async () => {
  const world = openWorld();
  const { log, stores } = world;
  await log.append(topics.campaigns, [campaignRecordOf('a', { title: 'a', text: 'a' })], signal);
  await runToEnd(world);
  const asked: AbortSignal[] = [];
  const lines: object[] = [];
  const vectors = {
    ...stores.vectors,
    campaignVersions: async (_version: object, _tenant: string, _ids: object, within: AbortSignal) => {
      asked.push(within);
      if (asked.length < 4) throw new Error('down');
      return new Promise<never>((_, reject) =>
        within.addEventListener('abort', () => reject(within.reason), { once: true }),
      );
    },
  };
  const running = keepReconciling({
    viewStores: {
      states: () => [firstState('embeddings'), firstState('counters')],
      serving: () => stores,
      open: async () => vectors,
    } as never,
    ...{ log, answers: stores.answers, embedders: embeddersOf(hashingEmbedder) },
    report: (line) => void lines.push(line),
    every_ms: 1,
  });
  onTestFinished(() => running.close());
  await vi.waitFor(() => expect(asked).toHaveLength(4), { timeout: 10_000 });
  await running.close();
  expect(asked[3]?.aborted).toBe(true);
  expect(lines).toHaveLength(3);
});
