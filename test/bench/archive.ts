import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedAnswers } from '#backing/answers/embedded.ts';
import { objectArchive } from '#backing/archive/in-objects.ts';
import type { Archive } from '#backing/archive/port.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { Log } from '#backing/log/port.ts';
import { openFolderObjects } from '#backing/objects/folder.ts';
import { listAll, type Objects } from '#backing/objects/port.ts';
import { openS3Objects } from '#backing/objects/s3.ts';
import { topics } from '#contract/topics.ts';
import { archiveView } from '../../ingest/views/archive.ts';
import { runViews } from '../../ingest/views/run-views.ts';
import { filledFolder } from './support/filled-folder.ts';
import { type BenchOptions, report } from './support/report.ts';

const { signal } = new AbortController();
const READ = [topics.events, topics.imports, topics.campaigns];

async function timed(run: () => Promise<void>) {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return { took_ms: performance.now() - begun, cpu_us: user + system };
}

/** Hands the whole log to the archive's view in a group, as it is handed over in production but for the waiting. */
async function archiveAll(log: Log, archive: Archive, group: string): Promise<void> {
  const { linger_ms: _, ...view } = { ...archiveView({ archive, log }), group };
  const failed = Promise.withResolvers<never>();
  const running = await runViews([view], {
    log,
    answers: embeddedAnswers({ clock: Date.now }),
    clock: Date.now,
    members: 1,
    onError: ({ error }) => failed.reject(error),
  });
  await Promise.race([caughtUp(log, group, READ, signal), failed.promise]);
  await running.close();
}

async function readAll(archive: Archive): Promise<number> {
  let records = 0;
  for await (const partition of archive.partitions(signal))
    for await (const _ of archive.records(partition, signal)) records++;
  return records;
}

/** Writes and reads a whole log in a group of its own. */
async function benchOn(name: string, objects: Objects, log: Log) {
  const archive = objectArchive(objects);
  const written = await timed(() => archiveAll(log, archive, `bench-${name}`));
  let [files, bytes, records] = [0, 0, 0];
  for await (const object of listAll(objects, '', signal)) {
    if (!object.key.endsWith('.parquet')) continue;
    files++;
    bytes += object.bytes;
  }
  const read = await timed(async () => {
    records = await readAll(archive);
  });
  const row = (what: string, { took_ms, cpu_us }: typeof written) => ({
    what: `${name}, ${what}`,
    records,
    'records/s': records / (took_ms / 1000),
    'CPU µs/record': cpu_us / records,
    files,
    'bytes/record': bytes / records,
  });
  return [row('written', written), row('read', read)];
}

/** The archive's view on a folder and, where S3_ENDPOINT is set, on S3: writing all records of a log, and reading them. */
export async function bench(options: BenchOptions): Promise<void> {
  await using data = await filledFolder(options);
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  const rows = [];
  const open = () => openLog({ file: join(data.path, 'log.db') });
  let log = open();
  const onFolder = openFolderObjects({ folder });
  rows.push(...(await benchOn('folder', onFolder, log)));
  await onFolder.close();
  await log.close();
  await rm(folder, { recursive: true });
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = process.env;
  if (S3_ENDPOINT && S3_REGION && S3_BUCKET && S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY) {
    log = open();
    const onS3 = await openS3Objects({
      endpoint: S3_ENDPOINT,
      region: S3_REGION,
      bucket: S3_BUCKET,
      credentials: { access_key_id: S3_ACCESS_KEY_ID, secret_access_key: S3_SECRET_ACCESS_KEY },
      path_style: true,
      prefix: `bench-${Date.now()}/`,
    });
    rows.push(...(await benchOn('S3', onS3, log)));
    const keys = [];
    for await (const { key } of listAll(onS3, '', signal)) keys.push(key);
    for (const key of keys) await onS3.delete(key, signal);
    await onS3.close();
    await log.close();
  }
  await report('archive', rows, options);
}
