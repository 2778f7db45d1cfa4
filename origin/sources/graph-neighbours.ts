import type { Graph, Strengths } from '#backing/graph/port.ts';
import type { Source } from '../pipeline/stages.ts';
import { DAY_MS } from '../tenant/popularity.ts';

/** How far back engagements and replies lead anywhere: who talks of what changes sooner than what is popular. */
const WINDOW_DAYS = 30;
/** What the people say whom the person replies to, beside what those say who engage with the same. */
const OF_REPLIES = 0.5;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Campaigns of people whom the person replies to, and of those who engage with the same as they do. */
export function graphNeighbours(graph: Pick<Graph, 'neighbours'>): Source {
  return {
    name: 'graph_neighbours',
    dependency: 'graph',
    async find({ tenant_id, request: { user_id }, as_of_ms }, signal) {
      const window = { from_day: dayOf(as_of_ms - WINDOW_DAYS * DAY_MS), to_day: dayOf(as_of_ms) };
      const { replied, together } = await graph.neighbours({ tenant_id, user_id, ...window }, signal);
      const found = new Map<string, number>();
      add(found, replied, OF_REPLIES);
      add(found, together, 1 - OF_REPLIES);
      return found;
    },
  };
}

/** Adds strengths as shares of their sum: the two kinds count paths, of which the one has more than the other. */
function add(found: Map<string, number>, strengths: Strengths, weight: number): void {
  const sum = strengths.reduce((total, { strength }) => total + strength, 0);
  for (const { campaign_id, strength } of strengths) {
    found.set(campaign_id, (found.get(campaign_id) ?? 0) + (weight * strength) / sum);
  }
}
