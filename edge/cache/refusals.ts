import type { Clock } from '#contract/clock.ts';
import type { Reply } from '../origin.ts';
import { Lru } from './lru.ts';

/** As long as an answer is served without another thought. */
const REMEMBERED_MS = 5_000;
const MOST = 1_000;
const MOST_CHARACTERS = 4_096;
const NOT_FOUND = 404;

type Refusal = Extract<Reply, { kind: 'problem' }>;

/** What the origin has lately said not to be there, so that who asks again and again does not reach it. */
export type Refusals = {
  get(key: string): Refusal | null;
  /** Remembers a 404 for a moment; anything else is no statement about the thing. */
  remember(key: string, refusal: Refusal): void;
};

export function refusalMemory(clock: Clock): Refusals {
  const refusals = new Lru<{ refusal: Refusal; at_ms: number }>({ most: MOST });
  return {
    get(key) {
      const known = refusals.get(key);
      const age_ms = known ? clock() - known.at_ms : REMEMBERED_MS;
      return known && age_ms >= 0 && age_ms < REMEMBERED_MS ? known.refusal : null;
    },
    remember(key, refusal) {
      if (refusal.status !== NOT_FOUND || refusal.body.length > MOST_CHARACTERS) return;
      refusals.set(key, { refusal, at_ms: clock() });
    },
  };
}
