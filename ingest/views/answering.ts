import type { Meter } from '@opentelemetry/api';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Graph } from '#backing/graph/port.ts';
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

const MAKE: {
  [Name in ViewName]: (
    port: ViewPorts[Name],
    means: { embedders: Embedders; meter?: Meter | undefined },
  ) => View;
} = {
  counters: ({ counters, catalogue, deletions }, { meter }) =>
    countersView({ counters, catalogue, deletions, meter }),
  embeddings: (vectors, { embedders }) => embeddingsView({ embedders, vectors }),
  graph: (graph) => graphView({ graph }),
};

/** A version of a view that answers rest on, over the store of that version, in a group of its own. */
export function answeringView<Name extends ViewName>(
  { view, version }: { view: Name; version: number },
  port: ViewPorts[Name],
  means: { embedders: Embedders; meter?: Meter | undefined },
): View {
  return { ...MAKE[view](port, means), group: groupOf(view, version) };
}
