import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import { expect, onTestFinished, test, vi } from 'vitest';
import { objectArchive } from '#backing/archive/in-objects.ts';
import { openStores } from '#backing/embedded.ts';
import { openFolder } from '#backing/folder.ts';
import { openArchive } from '#backing/open/archive.ts';
import { printJson } from '../../infra/local/archive/print-answer.ts';
import { queryArchive } from '../../infra/local/archive/query.ts';
import { openRecords } from '../../infra/local/files/records.ts';
import { catchUp } from '../../infra/local/stack/catch-up.ts';
import { connect } from '../../infra/local/stack/connect.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { temporaryFolder } from '../support/folder.ts';
import { memoryObjects } from '../support/memory-objects.ts';
import { cli } from './support/cli.ts';
import { dumpsOf } from './support/dumps.ts';
import { importInto } from './support/import-into.ts';
import { simulatedFiles } from './support/simulated-files.ts';

const { signal } = new AbortController();
const NOW_MS = Date.parse('2026-10-01T12:00:00Z');
const COUNTS = `
  SELECT campaign_id, strftime(occurred_at, '%Y-%m-%d') AS day, type, locale, count(*) AS count
  FROM events WHERE tenant_id = 'demo' AND campaign_id IS NOT NULL GROUP BY ALL`;

/** The rows of an answer, as --json has them. */
async function ask(data: string, sql: string): Promise<Record<string, unknown>[]> {
  const archive = openArchive(join(data, 'archive'));
  const rows: Record<string, unknown>[] = [];
  try {
    await queryArchive({ archive, sql, max_bytes: 2 ** 30, signal }, (answer) =>
      printJson(answer, (line) => rows.push(JSON.parse(line))),
    );
  } finally {
    await archive.close();
  }
  return rows;
}

const sorted = (rows: readonly object[]) =>
  rows
    .map((row) => JSON.stringify(Object.entries(row).sort()))
    .sort()
    .join('\n');

/** Imports files, some of it twice, has all of it archived, and gives what the counters have. */
async function imported(data: string, files: { campaigns: string; events: string }, times: number) {
  for (let time = 0; time < times; time++) {
    const connection = await connect({ data, clock: Date.now });
    await importInto(connection, {
      campaigns: await openRecords(files.campaigns),
      events: await openRecords(files.events),
    });
    await catchUp({ read: connection.standing, progress: noProgress, signal });
    await connection.close();
    await dumpsOf(data);
  }
  const folder = openFolder(data);
  const stores = openStores({ path: folder.path, clock: Date.now });
  try {
    return {
      daily: await stores.counters.daily('demo', '0000-01-01', '9999-12-31', signal),
      campaigns: (await stores.catalogue.all('demo', signal)).length,
    };
  } finally {
    stores.close();
    folder.close();
  }
}

async function countsAreEqual(data: string, of: Awaited<ReturnType<typeof imported>>): Promise<void> {
  expect(sorted(await ask(data, COUNTS))).toBe(sorted(of.daily));
  expect(await ask(data, 'SELECT count(*) n FROM campaigns')).toEqual([{ n: of.campaigns }]);
}

test('what DuckDB counts in the archive is what the counters have, before it was compacted and after', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const files = await simulatedFiles(folder, { seed: 3, now_ms: NOW_MS, conversations: 200, visits: 100 });
  const counted = await imported(data, files, 2);
  expect(counted.daily.length).toBeGreaterThan(100);
  await countsAreEqual(data, counted);
  const twice = 'SELECT count(*) = 2 * (SELECT count(*) FROM events) AS twice FROM event_records';
  expect(await ask(data, twice)).toEqual([{ twice: true }]);
  expect(await cli('archive', 'compact', '--data', data)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^compacted [1-9]\d* entries: \d+ files became \d+;/),
  });
  expect(await cli('archive', 'verify', '--data', data)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^no faults: [\d,]+ records .*; 0 objects that the manifest does not name/),
  });
  await countsAreEqual(data, counted);
});

const [REAL_EVENTS, REAL_CAMPAIGNS] = [
  process.env['EDGEWISE_REAL_EVENTS'],
  process.env['EDGEWISE_REAL_CAMPAIGNS'],
];
if (!REAL_EVENTS || !REAL_CAMPAIGNS)
  console.warn(
    'SKIPPED, counts of real data: EDGEWISE_REAL_EVENTS and EDGEWISE_REAL_CAMPAIGNS name no files',
  );

test.skipIf(!REAL_EVENTS || !REAL_CAMPAIGNS)(
  'so it is with real conversations',
  async () => {
    const data = join(await temporaryFolder(), 'data');
    const files = { campaigns: REAL_CAMPAIGNS as string, events: REAL_EVENTS as string };
    const counted = await imported(data, files, 1);
    await countsAreEqual(data, counted);
    expect(await cli('archive', 'compact', '--data', data)).toMatchObject({ code: 0 });
    await countsAreEqual(data, counted);
  },
  600_000,
);

test('a table shows the rows, and says how many there are', async () => {
  const data = join(await temporaryFolder(), 'data');
  await mkdir(join(data, 'archive'), { recursive: true });
  const sql = "SELECT 1 AS one, 'a b' AS text, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS at, NULL AS nothing";
  expect(await cli('archive', 'query', '--data', data, sql)).toEqual({
    code: 0,
    stdout: [
      'one  text  at                        nothing',
      '---  ----  ------------------------  -------',
      '1    a b   2026-01-01T00:00:00.000Z',
      '(1 row)',
      '',
    ].join('\n'),
    stderr: '',
  });
  expect(await ask(data, 'SELECT count(*) n FROM events')).toEqual([{ n: 0 }]);
  expect(await ask(data, 'SELECT max(text) AS text FROM campaigns')).toEqual([{ text: null }]);
});

test('what is wrong is told in a sentence, and no other file is reached', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  expect(await cli('archive', 'query', '--data', data, 'SELECT 1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('name another with --data'),
  });
  const chain = join(data, 'archive', 'manifest', 'events', '00000');
  await mkdir(chain, { recursive: true });
  const mendable = (message: RegExp) =>
    expect.objectContaining({ code: 'mendable', message: expect.stringMatching(message) });
  await expect(ask(data, 'SELEC 1')).rejects.toEqual(mendable(/^DuckDB: .*syntax error at or near "SELEC"/));
  await expect(ask(data, 'SELECT nothing FROM events')).rejects.toEqual(mendable(/"nothing" not found/));
  const late = "SELECT CASE WHEN range > 500000 THEN error('late') ELSE range END FROM range(1000000)";
  await expect(ask(data, late)).rejects.toEqual(mendable(/late/));
  const other = join(folder, 'other.csv');
  await writeFile(other, 'a\n1\n');
  for (const sql of [`SELECT * FROM '${other}'`, `COPY events TO '${other}'`])
    await expect(ask(data, sql)).rejects.toEqual(mendable(/Cannot access file/));
  expect(await readFile(other, 'utf8')).toBe('a\n1\n');
  await writeFile(join(chain, `${'0'.repeat(20)}.json`), '{');
  expect(await cli('archive', 'verify', '--data', data)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/is no entry that this build can read\nThe archive has 1 faults\n$/),
  });
});

test('more than may be copied is refused before anything is, and a query that is stopped leaves nothing', async () => {
  const archive = objectArchive(memoryObjects());
  const sql = 'SELECT 1';
  const contents = async () => ({ entries: 1, files: 1, rows: 1, bytes: 2 ** 31, unnamed: 0 });
  const never = async () => expect.unreachable();
  await expect(
    queryArchive({ archive: { ...archive, contents }, sql, max_bytes: 2 ** 30, signal }, never),
  ).rejects.toThrow('raise --max-gib');
  const stopping = new AbortController();
  const endless = 'SELECT count(*) FROM range(10000000000) a, range(10000000000) b';
  const { run } = DuckDBConnection.prototype;
  vi.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(function (this: DuckDBConnection, asking) {
    if (asking === endless) setImmediate(() => stopping.abort(new Error('stopped')));
    return run.call(this, asking);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const asked = queryArchive({ archive, sql: endless, max_bytes: 1, signal: stopping.signal }, never);
  await expect(asked).rejects.toThrow('stopped');
});
