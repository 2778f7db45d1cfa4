import type { Edge } from '#backing/graph/port.ts';
import type { Observed } from '#backing/telemetry/calls.ts';
import { livedAt } from '#contract/deletion.ts';
import type { EventEnvelope } from '#contract/envelope.ts';
import { isEngagement } from '#contract/event.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { observedStores, type Written } from './observed-stores.ts';
import type { View } from './view.ts';

/** Who engages with what, and who replies to whom. It reads past campaigns, so that all views have the same ends. */
export function graphView({ meter, traces, ...stores }: { graph: Written['graph'] } & Observed): View {
  const graph = observedStores({ meter, traces }).graph(stores.graph);
  return {
    group: groups.graph,
    topics: viewTopics,
    max_records: 1000,
    forget: (people, signal) => graph.forget(people, signal),
    async write({ events }, { signal }) {
      const edges = events.flatMap(({ envelope }) => edgesOf(envelope));
      if (edges.length > 0) await graph.add(edges, signal);
    },
  };
}

function edgesOf({ tenant_id, accepted_at, event }: EventEnvelope): Edge[] {
  const { user_id, occurred_at } = event;
  const lived_at = livedAt({ accepted_at, occurred_at });
  const edge = { tenant_id, user_id, day: occurred_at.slice(0, 10), lived_at, accepted_at };
  const edges: Edge[] = [];
  if (isEngagement(event)) edges.push({ ...edge, kind: 'engaged', campaign_id: event.campaign_id });
  if (event.type !== 'message') return edges;
  edges.push({ ...edge, kind: 'wrote', message_id: event.message_id });
  const { reply_to, reply_to_user_id } = event;
  if (reply_to_user_id === null) {
    if (reply_to !== null) edges.push({ ...edge, kind: 'answered', message_id: reply_to });
  } else if (reply_to_user_id !== event.user_id) {
    edges.push({ ...edge, kind: 'replied', other_id: reply_to_user_id });
  }
  return edges;
}
