import { Agent } from 'node:http';
import { Mendable } from '../../../infra/local/terminal/mendable.ts';
import { ask, lacksOf } from './ask.ts';
import { percentileOf } from './open-loop.ts';
import type { NextQuestion } from './real-questions.ts';

const CLIENTS = [1, 2, 4, 8, 16, 32];
const SECONDS = 3;
/** Whoever leaves fewer answers good asks more than can be carried: the others were made without what they came for. */
const GOOD = 0.95;

/** Of so many clients: how many answers a second lacked nothing and were in time, and which share of all that is. */
export type Capacity = { clients: number; answers: number; per_s: number; p95_ms: number; good: number };

/** Closed loop: so many clients, each asking again as soon as it is answered. */
export async function closedLoop(
  next: NextQuestion,
  { clients, seconds, in_time_ms }: { clients: number; seconds: number; in_time_ms: number },
): Promise<Capacity> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const took: number[] = [];
  let good = 0;
  const begun_ms = performance.now();
  const client = async () => {
    while (performance.now() - begun_ms < seconds * 1000) {
      const { target } = await next();
      const asked_ms = performance.now();
      const lacks = lacksOf(await ask(target, agent));
      const took_ms = performance.now() - asked_ms;
      took.push(took_ms);
      if (lacks.length === 0 && took_ms < in_time_ms) good++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const per_s = (good * 1000) / (performance.now() - begun_ms);
  agent.destroy();
  const answers = took.length;
  return { clients, answers, per_s, p95_ms: percentileOf(took, 0.95), good: good / answers };
}

/**
 * The most answers a second that lack nothing and are in time, over numbers of clients, of those that leave nearly all
 * so. An answer that was made without a slow store is cheap, and no measure of what can be carried. Throws Mendable
 * where not even one client gets whole answers: then a fault would show nothing.
 */
export async function wholeCapacity(next: NextQuestion, in_time_ms: number): Promise<Capacity> {
  const measure = (clients: number) => closedLoop(next, { clients, seconds: SECONDS, in_time_ms });
  let best = await measure(CLIENTS[0] as number);
  if (best.good < GOOD) {
    const share = `${(100 * best.good).toFixed(1)} %`;
    throw new Mendable(
      `Without any fault and asked one by one, only ${share} of the answers are whole and in time: the machine is too busy; try again when it is idle`,
    );
  }
  let before = best;
  for (const clients of CLIENTS.slice(1)) {
    const found = await measure(clients);
    // Once may be the machine's fault.
    if (found.good < GOOD && before.good < GOOD) break;
    if (found.good >= GOOD && found.per_s > best.per_s) best = found;
    before = found;
  }
  return best;
}
