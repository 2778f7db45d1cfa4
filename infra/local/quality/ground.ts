import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStores, type Stores } from '#backing/embedded.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { Log } from '#backing/log/port.ts';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { openPorts } from '#backing/open/open-ports.ts';
import type { Environment } from '#backing/settings.ts';
import { apart, named } from '../compare/apart.ts';
import { NAMED } from '../compare/removing.ts';

/** What a past is streamed into: a log, and stores that nothing else writes to. */
export type Ground = {
  /** What it stands on, for who reads along. */
  name: string;
  log: Log;
  stores: Omit<Stores, 'apiKeys' | 'archive' | 'close'>;
  /** Ends all that runs, and takes away all that was made. */
  close(): Promise<void>;
};

/** What a retrieval asks. Log, epochs and answers stay in this process: they only bring what is asked, or keep it. */
const ASKED = ['RELATIONAL', 'VECTORS', 'GRAPH'];

async function temporaryFolder(closing: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-evaluate-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a run on chosen stores is called there. */
const NAME = /evaluate_[0-9a-f]{12}(?![0-9a-f])/;

/** What the environment chooses for what is asked, for a run of that name. */
const asChosen = (env: Environment, name: string, data: string) => ({
  env: {
    ...env,
    ...Object.fromEntries(Object.entries(ALL_EMBEDDED).filter(([variable]) => !ASKED.includes(variable))),
    EMBEDDER: 'hashing',
  },
  ...{ name, data, application: 'edgewise-evaluate' },
});

/** The embedded parts, in a folder that goes with all that they made. */
export async function embeddedGround(): Promise<Ground> {
  const closing = new AsyncDisposableStack();
  const folder = await temporaryFolder(closing);
  const path = (name: string) => join(folder, name);
  const log = openLog({ file: path('log.db') });
  const stores = openStores({ path, clock: Date.now, synchronous: 'normal' });
  closing.defer(() => stores.close());
  closing.defer(() => log.close());
  return { name: 'the embedded parts', log, stores, close: () => closing.disposeAsync() };
}

/**
 * What the environment chooses for relational store, vectors and graph, under names of its own, which are removed at the end.
 * Rejects with what `apart` and `openPorts` do.
 */
export async function chosenGround(env: Environment): Promise<Ground> {
  const closing = new AsyncDisposableStack();
  try {
    const data = await temporaryFolder(closing);
    const name = `evaluate_${randomBytes(6).toString('hex')}`;
    const { chosen, means, parts, remove } = await apart(asChosen(env, name, data));
    closing.defer(remove);
    const ports = await openPorts<'gateway' | 'views' | 'origin'>(closing, chosen, means);
    const { log, relational, switches, vectors, graph, answers } = ports;
    const asked = parts.filter((part) => !part.endsWith(' embedded') && !part.startsWith('embedders'));
    return {
      name: `${asked.join(', ') || 'the embedded parts'}, as ${name}`,
      log,
      stores: { ...relational, ...switches, vectors, graph, answers },
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** The names of runs of which something is left in the stores that the environment chooses: of those cut off, and of those under way. */
export async function leftOver(env: Environment): Promise<string[]> {
  const { chosen, means, parts } = named(asChosen(env, 'evaluate', tmpdir()));
  const all = await Promise.all(parts.map((part) => NAMED[part]?.(chosen.read, means) ?? []));
  return [...new Set(all.flat().flatMap((name) => NAME.exec(name)?.[0] ?? []))].sort();
}

/** Removes what a run of that name left. */
export async function removeLeftOver(env: Environment, name: string): Promise<void> {
  await named(asChosen(env, name, tmpdir())).remove();
}
