import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile, writeJsonFile } from '../local/folder/json-file.ts';
import { Identity } from './identity.ts';
import type { Folders } from './place.ts';

const Record = v.strictObject({
  process: Identity,
  ports: v.objectWithRest({ main: v.number() }, v.number()),
  version: v.string(),
});

/** A process that was started here, and has not been seen to end. */
export type Record = v.InferOutput<typeof Record>;

// Beside the data folder: emptying that must not lose sight of the process.
const file = ({ data }: Folders, name: string) => join(data, `${name}.json`);

export const readRecord = (folders: Folders, name: string): Record | null =>
  readJsonFile(file(folders, name), Record);

export const writeRecord = (folders: Folders, name: string, record: Record): void =>
  writeJsonFile(file(folders, name), record);

export const removeRecord = (folders: Folders, name: string): void =>
  rmSync(file(folders, name), { force: true });
