import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile, writeJsonFile } from '../folder/json-file.ts';
import { Standing } from './standing.ts';

const Running = v.strictObject({
  pid: v.number(),
  status_url: v.string(),
  gateway_url: v.string(),
  origin_url: v.string(),
  edge_url: v.string(),
  /** Whose tokens the Worker lets in. */
  tenants: v.array(v.string()),
});

/** A stack that is running on a data folder, as it says itself. */
export type Running = v.InferOutput<typeof Running>;

const file = (data: string) => join(data, 'run.json');

/** Says that this process runs a stack on the folder; the function it gives takes that back. */
export function announce(data: string, running: Omit<Running, 'pid'>): () => void {
  writeJsonFile(file(data), { pid: process.pid, ...running });
  return () => rmSync(file(data), { force: true });
}

const ANSWER_MS = 2_000;

/** The stack that runs on a folder; null where none answers, whatever an earlier one has left behind. */
export async function findRunning(data: string): Promise<Running | null> {
  const running = readJsonFile(file(data), Running);
  if (!running) return null;
  try {
    await standingOfRunning(running, AbortSignal.timeout(ANSWER_MS));
    return running;
  } catch {
    return null;
  }
}

/** How far its views are. Throws where it does not answer. */
export async function standingOfRunning({ status_url }: Running, signal: AbortSignal): Promise<Standing> {
  const response = await fetch(new URL('/standing', status_url), { signal });
  return v.parse(Standing, await response.json());
}
