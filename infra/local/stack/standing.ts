import * as v from 'valibot';
import type { Log } from '#backing/log/port.ts';
import { groups, topics } from '#contract/topics.ts';

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

const READ = [topics.campaigns, topics.events, topics.imports];

/** The standing of all views of a log, always in the same order. */
export async function standingOf(log: Log, signal: AbortSignal): Promise<Omit<Standing, 'paused'>> {
  const pairs = Object.values(groups).flatMap((group) => READ.map((topic) => ({ group, topic })));
  const [ends, handled] = await Promise.all([
    Promise.all(pairs.map(({ topic }) => log.ends(topic, signal))),
    Promise.all(pairs.map(({ group, topic }) => log.committed(group, topic, signal))),
  ]);
  return { ends: ends.flat(), handled: handled.flat() };
}
