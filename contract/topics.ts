/** The topics of the log. `events` and `events.import` have equal partition counts and one partitioner. */
export const topics = {
  events: 'events',
  imports: 'events.import',
  campaigns: 'campaigns',
  deadLetters: 'dead-letters',
} as const;

/** The consumer groups: one per view, each at its own pace. */
export const groups = { counters: 'counters', embeddings: 'embeddings' } as const;
