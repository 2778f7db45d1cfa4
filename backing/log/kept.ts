import { topics } from '#contract/topics.ts';

const DAY_MS = 86_400_000;

/** How long events stay on a log. */
export const KEPT_MS = 7 * DAY_MS;

/** How long a topic's records are kept, where events are kept so long; null where they never leave for their age. */
export function keptMs(topic: string, kept_ms: number): number | null {
  if (topic === topics.campaigns) return null;
  return topic === topics.deadLetters ? 30 * DAY_MS : kept_ms;
}
