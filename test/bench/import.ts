import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, transaction } from '#backing/sqlite.ts';
import { filledFolder } from './support/filled-folder.ts';
import { type BenchOptions, report } from './support/report.ts';

const BATCH = 1000;
const TEXT = JSON.stringify({ text: 'x'.repeat(280) });

/** The floor: as many rows of about that size, put into bare SQLite, synced batch by batch. */
async function bareSqlite(rows: number) {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  const db = openDatabase(join(folder, 'bare.db'), {
    synchronous: 'full',
    schema: 'CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT NOT NULL)',
  });
  const insert = db.prepare('INSERT INTO rows (value) VALUES (?)');
  const [begun, before] = [performance.now(), process.cpuUsage()];
  for (let done = 0; done < rows; done += BATCH) {
    transaction(db, () => {
      for (let i = done; i < Math.min(rows, done + BATCH); i++) insert.run(TEXT);
    });
  }
  const took_ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  db.close();
  await rm(folder, { recursive: true });
  return { took_ms, cpu_us: user + system };
}

/**
 * The whole write path: signed HTTP, validation, the log, and all views (counts, profiles, vectors, graph), in
 * one process with what sends; beside bare SQLite taking as many rows in the same run.
 */
export async function bench(options: BenchOptions): Promise<void> {
  await using data = await filledFolder(options);
  const { events, accepted, refused, appended_ms, took_ms, cpu_us } = data.filling;
  if (refused > 0) throw new Error(`${refused} records were refused: measure with a file that is right`);
  const bare = await bareSqlite(accepted);
  const per_s = (ms: number) => accepted / (ms / 1000);
  const row = (what: string, ms: number, cpu: number | null) => ({
    what,
    events,
    'events/s': per_s(ms),
    'CPU µs/event': cpu === null ? null : cpu / accepted,
    'of bare SQLite': bare.took_ms / ms,
  });
  await report(
    'import',
    [
      row('bare SQLite', bare.took_ms, bare.cpu_us),
      row('acknowledged', appended_ms, null),
      row('in every view', took_ms, cpu_us),
    ],
    options,
  );
}
