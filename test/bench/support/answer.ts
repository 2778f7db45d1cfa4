import type { Answer } from '#contract/answer.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';

export const LIFE_MS = 15 * 60_000;

/** An answer of 1.3 kB, as the tiers keep it. */
export function answer(): Answer {
  return {
    format: ANSWER_FORMAT,
    epochs: { user: Date.now(), tenant: Date.now() },
    created_ms: Date.now(),
    until_ms: Date.now() + LIFE_MS,
    degraded: [],
    body: JSON.stringify({ items: 'x'.repeat(1300) }),
    etag: '"1"',
  };
}
