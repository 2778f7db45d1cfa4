import { topics } from '#contract/topics.ts';

/** A topic that is none of the contract's. */
class UnknownTopic extends Error {
  readonly code = 'unknown_topic';
  readonly retryable = false;
  constructor(topic: string) {
    super(`There is no topic "${topic}"; there are ${TOPICS.join(', ')}`);
  }
}

/** All topics of the contract. */
export const TOPICS: readonly string[] = Object.values(topics);

/** Throws UnknownTopic unless the contract has the topic. */
export function checkTopic(topic: string): void {
  if (!TOPICS.includes(topic)) throw new UnknownTopic(topic);
}
