import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { Mendable } from '../terminal/mendable.ts';

/** What a JSON file holds; null where there is none. Throws Mendable where it is not what it should be. */
export function readJsonFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return null;
    throw new Mendable(`${file} cannot be read: restore it, or delete it and start again`, { cause });
  }
}

/** Puts a JSON file in place, whole or not at all, for its owner alone. */
export function writeJsonFile(file: string, content: unknown): void {
  renameSync(written(file, content), file);
}

/** As writeJsonFile, unless there is one already: whoever comes first, all read the same. */
export function writeJsonFileOnce(file: string, content: unknown): void {
  const mine = written(file, content);
  try {
    linkSync(mine, file);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function written(file: string, content: unknown): string {
  const mine = `${file}.${process.pid}.new`;
  rmSync(mine, { force: true });
  writeFileSync(mine, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true });
  return mine;
}
