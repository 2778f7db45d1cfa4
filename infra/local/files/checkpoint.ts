import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile, writeJsonFile } from '../folder/json-file.ts';
import type { RouteName } from './gateway-client.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Up to which line of a file everything was acknowledged, and what became of it. */
const Reached = v.strictObject({ line: whole, accepted: whole, refused: whole });
type Reached = v.InferOutput<typeof Reached>;

/** How far imports were that have not ended, by file. */
const Checkpoint = v.record(v.string(), Reached);

type FileCheckpoint = {
  /** Where the import was broken off; at the start where it was not. */
  reached: Reached;
  /** Everything up to there was acknowledged: it is not sent again. Durable once it returns. */
  note(reached: Reached): void;
  /** The import has ended, views and all: again, the file is imported from its start on. */
  done(): void;
};

/** Opens the checkpoint of one file. */
export type OpenCheckpoint = (route: RouteName, path: string) => Promise<FileCheckpoint>;

const HEAD_BYTES = 64 * 1024;
const START: Reached = { line: 0, accepted: 0, refused: 0 };

/** Where a data folder keeps how far imports are. Emptied with the folder: then nothing has been imported any more. */
const fileIn = (data: string) => join(data, 'imports.json');

/**
 * Checkpoints of a tenant's imports into a data folder. A file is told by what it is, not by its name: its size, when it
 * was changed, and the digest of its head; one that was changed is imported from its start on, which changes nothing.
 */
export function checkpointsIn(data: string, tenant_id: string): OpenCheckpoint {
  const file = fileIn(data);
  const read = () => readJsonFile(file, Checkpoint) ?? {};
  return async (route, path) => {
    const key = JSON.stringify([tenant_id, route, ...(await identityOf(path))]);
    return {
      reached: read()[key] ?? START,
      note: (reached) => writeJsonFile(file, { ...read(), [key]: reached }),
      done() {
        const { [key]: _, ...others } = read();
        writeJsonFile(file, others);
      },
    };
  };
}

async function identityOf(path: string): Promise<readonly (number | string)[]> {
  await using file = await open(path);
  const { size, mtimeMs } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return [size, mtimeMs, createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')];
}
