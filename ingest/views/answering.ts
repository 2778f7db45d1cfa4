import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Graph } from '#backing/graph/port.ts';
import type { Observed } from '#backing/telemetry/calls.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { groupOf, type ViewName } from '#contract/topics.ts';
import { countersView } from './counters.ts';
import { embeddingsView } from './embeddings.ts';
import { graphView } from './graph.ts';
import type { View } from './view.ts';

/** What each view writes to. */
export type ViewPorts = {
  counters: { counters: Counters; catalogue: Catalogue; deletions?: Deletions | undefined };
  embeddings: Vectors;
  graph: Graph;
};

type Means = { embedders: Embedders } & Observed;

const MAKE: { [Name in ViewName]: (port: ViewPorts[Name], means: Means) => View } = {
  counters: ({ counters, catalogue, deletions }, { meter, traces }) =>
    countersView({ counters, catalogue, deletions, meter, traces }),
  embeddings: (vectors, means) => embeddingsView({ vectors, ...means }),
  graph: (graph, { meter, traces }) => graphView({ graph, meter, traces }),
};

/** A version of a view that answers rest on, over the store of that version, in a group of its own. */
export function answeringView<Name extends ViewName>(
  { view, version }: { view: Name; version: number },
  port: ViewPorts[Name],
  means: Means,
): View {
  return { ...MAKE[view](port, means), group: groupOf(view, version) };
}
