/** The topics of the log. `events` and `events.import` have equal partition counts and one partitioner. */
export const topics = {
  events: 'events',
  imports: 'events.import',
  campaigns: 'campaigns',
  deadLetters: 'dead-letters',
  /** Dead letters that are put before their group again; every view reads it, and takes what is its own. */
  retry: 'retry',
  /** What was answered, to learn from; no view reads it. */
  served: 'served',
} as const;

/** What views are made of, in whichever order it comes. */
export const viewTopics: readonly string[] = [topics.events, topics.imports, topics.campaigns, topics.retry];

/** The consumer groups: one per view, each at its own pace. */
export const groups = {
  counters: 'counters',
  embeddings: 'embeddings',
  graph: 'graph',
  archive: 'archive',
} as const;

/** The groups of the views that answers rest on. */
export const answeringGroups = Object.values(groups).filter((group) => group !== groups.archive);

/** The views that are made anew beside themselves, version by version. The archive is what they are made of. */
export type ViewName = Exclude<keyof typeof groups, 'archive'>;
export const viewNames = ['counters', 'embeddings', 'graph'] as const satisfies readonly ViewName[];

/** What the names of a version's store and group end in: nothing for the first, `_r2` for the second. */
export const versionSuffix = (version: number) => (version === 1 ? '' : `_r${version}`);

/** The group that keeps a version of a view up. */
export const groupOf = (view: ViewName, version: number) => `${groups[view]}${versionSuffix(version)}`;
