import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import type { Target } from './load.ts';

/** An answer, and how long it took from when it was due to be asked for: a queue in front of a slow server counts. */
export type Answered<Question> = {
  question: Question;
  due_ms: number;
  took_ms: number;
  /** 0 where there was no answer. */
  status: number;
  body: string;
};

/**
 * Open loop: asks `per_s` times a second, whether or not what was asked before has been answered, until it is stopped;
 * then resolves once all is answered.
 */
export function openLoop<Question>(options: {
  per_s: number;
  next(at: number): Promise<{ question: Question; target: Target }>;
  answered(answer: Answered<Question>): void;
}): { stop(): Promise<void> } {
  const { per_s, next, answered } = options;
  const agent = new Agent({ keepAlive: true });
  const asked = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function one(at: number, due_ms: number): Promise<void> {
    const { question, target } = await next(at);
    const { status, body } = await ask(target, agent);
    answered({ question, due_ms, took_ms: performance.now() - due_ms, status, body });
  }

  async function run(): Promise<void> {
    const begun_ms = performance.now();
    for (let at = 0; !stopping.signal.aborted; at++) {
      const due_ms = begun_ms + (at * 1000) / per_s;
      const wait_ms = due_ms - performance.now();
      if (wait_ms > 0) await sleep(wait_ms, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      const flight = one(at, due_ms).finally(() => asked.delete(flight));
      asked.add(flight);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(asked);
      agent.destroy();
    },
  };
}

/** The value that so large a share of numbers is not above. */
export function percentileOf(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
