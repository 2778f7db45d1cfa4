import * as v from 'valibot';
import type { Log } from '#backing/log/port.ts';
import { FIRST, type Serving } from '#backing/view-versions/serving.ts';
import { groupOf, viewNames, viewTopics } from '#contract/topics.ts';

/**
 * How far the views are, partition by partition: where each ends, and up to where its view has handled it.
 * `paused` is true where a view waits for somebody to mend something.
 */
export const Standing = v.strictObject({
  ends: v.array(v.number()),
  handled: v.array(v.number()),
  paused: v.boolean(),
});
export type Standing = v.InferOutput<typeof Standing>;

/** The standing of the views that answers rest on, always in the same order. The archive lags behind them on purpose. */
export async function standingOf(
  log: Log,
  signal: AbortSignal,
  serving: Serving = FIRST,
): Promise<Omit<Standing, 'paused'>> {
  const groups = viewNames.map((view) => groupOf(view, serving[view]));
  const pairs = groups.flatMap((group) => viewTopics.map((topic) => ({ group, topic })));
  const [ends, handled] = await Promise.all([
    Promise.all(pairs.map(({ topic }) => log.ends(topic, signal))),
    Promise.all(pairs.map(({ group, topic }) => log.committed(group, topic, signal))),
  ]);
  return { ends: ends.flat(), handled: handled.flat() };
}
