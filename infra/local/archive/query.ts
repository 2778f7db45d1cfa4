import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult, type JS } from '@duckdb/node-api';
import type { Archive } from '#backing/archive/port.ts';
import { Mendable } from '../terminal/mendable.ts';
import { copyFiles } from './copy-files.ts';

const VIEWS = fileURLToPath(new URL('./views.sql', import.meta.url));

export type Query = {
  archive: Archive;
  sql: string;
  /** The most bytes that are copied. */
  max_bytes: number;
  signal: AbortSignal;
};

/** An answer's columns, and its rows, some at a time. */
export type Answer = { columns: string[]; rows: AsyncIterableIterator<JS[][]> };

/**
 * Asks DuckDB over a copy of the archive's files that is removed once the answer was read by `read`. It reaches no
 * other file and no network, and has a gigabyte of memory, which the answer has to fit in; what else is more goes to
 * disk beside the copy. Throws Mendable where SQL is wrong, and the signal's reason.
 */
export async function queryArchive<T>(
  { archive, sql, max_bytes, signal }: Query,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-query-'));
  try {
    await copyFiles({ archive, folder, max_bytes, signal });
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      memory_limit: '1GB',
      temp_directory: join(folder, 'spilled'),
    });
    try {
      const connection = await instance.connect();
      let interrupting: NodeJS.Timeout | undefined;
      // Again and again: one that comes just before a query begins is forgotten.
      const interrupt = () => {
        interrupting = setInterval(() => connection.interrupt(), 50);
      };
      signal.addEventListener('abort', interrupt, { once: true });
      try {
        await prepare(connection, folder);
        return await asked(() => answerOf(connection, sql, read), signal);
      } finally {
        signal.removeEventListener('abort', interrupt);
        clearInterval(interrupting);
        connection.closeSync();
      }
    } finally {
      instance.closeSync();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the views, and lets nothing be reached but their files. */
async function prepare(connection: DuckDBConnection, folder: string): Promise<void> {
  const quoted = folder.replaceAll("'", "''");
  await connection.run(`SET allowed_directories = ['${quoted}']`);
  await connection.run('SET enable_external_access = false');
  await connection.run((await readFile(VIEWS, 'utf8')).replaceAll('{folder}', quoted));
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('SET lock_configuration = true');
}

async function answerOf<T>(
  connection: DuckDBConnection,
  sql: string,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  // Not as a stream: one that fails or is interrupted on the way ends as if there were no more rows.
  const result: DuckDBResult = await connection.run(sql);
  return read({ columns: result.deduplicatedColumnNames(), rows: result.yieldRowsJs() });
}

/** How DuckDB begins what it says of a query: `Parser Error: …`, `Binder Error: …`. */
const SAID = /^(?:Failed to [a-z ]+: )?[A-Z][A-Za-z ]* Error: /;

async function asked<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await run();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && SAID.test(error.message))
      throw new Mendable(`DuckDB: ${error.message}`, { cause: error });
    throw error;
  }
}
