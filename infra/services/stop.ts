import { setTimeout as sleep } from 'node:timers/promises';
import { type Identity, lives } from './identity.ts';

/** Longer than any of them needs on a busy machine: a killed one recovers at its next start, which is slow. */
const GRACE_MS = 30_000;
const KILLED_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** How a process ended. */
export type Ended = 'gone' | 'stopped' | 'killed';

/**
 * Ends that very process: asked first, and killed with its group when it is still there after the grace. A process
 * that merely got the same id is never touched. Throws where it can't be ended.
 */
export async function stop(identity: Identity, by: NodeJS.Signals, grace_ms = GRACE_MS): Promise<Ended> {
  if (!send(identity, by)) return 'gone';
  if (await hasEnded(identity, grace_ms)) return 'stopped';
  // It was started as the leader of a group, which its helpers are in.
  if (!send(identity, 'SIGKILL', -identity.pid)) return 'stopped';
  if (await hasEnded(identity, KILLED_MS)) return 'killed';
  throw new Error(`Process ${identity.pid} was killed and is still there`);
}

function send(identity: Identity, by: NodeJS.Signals, to = identity.pid): boolean {
  if (!lives(identity)) return false;
  try {
    return process.kill(to, by);
  } catch (error) {
    if ((error as { code?: string }).code === 'ESRCH') return false;
    throw error;
  }
}

async function hasEnded(identity: Identity, within_ms: number): Promise<boolean> {
  const until = performance.now() + within_ms;
  while (lives(identity)) {
    if (performance.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
