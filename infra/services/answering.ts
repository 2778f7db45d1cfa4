import { setTimeout as sleep } from 'node:timers/promises';
import { type Identity, lives } from './identity.ts';
import type { Ports } from './ports.ts';
import type { Service } from './service.ts';

const ATTEMPT_MS = 5_000;
const PAUSE_MS = 100;

/** True where it answers in its own protocol within the time. */
export async function answers(service: Service, ports: Ports, within_ms = ATTEMPT_MS): Promise<boolean> {
  try {
    await service.ready(ports, AbortSignal.timeout(within_ms));
    return true;
  } catch {
    return false;
  }
}

/** Asks until that process answers: `ready`; or `ended`, or `silent` once the time is over. Throws when aborted. */
export async function awaitAnswer(
  service: Service,
  { ports, process }: { ports: Ports; process: Identity },
  within_ms: number,
  signal: AbortSignal,
): Promise<'ready' | 'ended' | 'silent'> {
  const until = performance.now() + within_ms;
  for (;;) {
    const answered = await answers(service, ports);
    // In this order: an answer counts only if it was ours to give.
    if (!lives(process)) return 'ended';
    if (answered) return 'ready';
    if (performance.now() > until) return 'silent';
    await sleep(PAUSE_MS, undefined, { signal });
  }
}
