import type { Clock } from '#contract/clock.ts';

/** What is left of a question's time, spread over the rounds that are still to come. */
export type Budget = {
  /** How long the round may take that begins now, with so many to come, itself included (ms, at least 1). */
  round_ms(rounds: number): number;
  /** How long what begins now may take where there is no answer without it (ms, at least 1). */
  needed_ms(): number;
};

/**
 * A budget that ends at a moment. No round takes longer than `most_ms`, and none so long that those after it have less
 * than their equal share: so what one did not use is there for the others. What is needed may take until `latest_ms`,
 * when nobody waits any longer.
 */
export function openBudget(options: {
  clock: Clock;
  ends_ms: number;
  latest_ms?: number;
  most_ms: number;
}): Budget {
  const { clock, ends_ms, latest_ms = ends_ms, most_ms } = options;
  return {
    round_ms: (rounds) => Math.max(1, Math.min(most_ms, (ends_ms - clock()) / rounds)),
    needed_ms: () => Math.max(1, Math.min(most_ms, latest_ms - clock())),
  };
}
