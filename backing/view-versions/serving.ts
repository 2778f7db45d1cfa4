import { type ViewName, viewNames } from '#contract/topics.ts';
import type { ViewVersions } from './port.ts';

/** The version of each view that answers are made of. */
export type Serving = Readonly<Record<ViewName, number>>;

/** Where no view was ever made anew. */
export const FIRST: Serving = { counters: 1, embeddings: 1, graph: 1 };

/** The versions that serve just now. */
export async function servingOf(
  viewVersions: Pick<ViewVersions, 'read'>,
  signal: AbortSignal,
): Promise<Serving> {
  const states = await Promise.all(viewNames.map((view) => viewVersions.read(view, signal)));
  return Object.fromEntries(states.map(({ view, serving }) => [view, serving])) as Serving;
}
