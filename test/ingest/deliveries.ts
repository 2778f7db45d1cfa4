import fc from 'fast-check';
import type { Batch } from '#backing/log/port.ts';
import { handlerOf, type View } from '../../ingest/views/view.ts';
import { redeliveries } from '../support/arbitraries.ts';
import type { Written } from './histories.ts';
import { batchOf, never, openWorld, partitionsOf, type World, type WorldOptions } from './small-world.ts';

/** A world on whose log this stands. */
export async function worldWith(written: readonly Written[], options: WorldOptions = {}): Promise<World> {
  const world = openWorld(options);
  for (const { topic, record } of written) await world.log.append(topic, [record], never);
  return world;
}

/** The usual handler of a view. */
const handlerIn =
  ({ log, clock, stores }: World) =>
  (view: View) =>
    handlerOf(view, { log, clock, answers: stores.answers });

/**
 * Hands the log over to each view: any slices of it, each partition in its order, partitions interleaved anyhow, and
 * stretches repeated.
 */
export async function deliver(
  world: World,
  views: readonly View[],
  gen: fc.GeneratorValue,
  handlerFor: (view: View) => (batch: Batch) => Promise<unknown> = handlerIn(world),
): Promise<void> {
  for (const view of views) {
    const handle = handlerFor(view);
    const waiting = (await partitionsOf(world.log, view.topics)).map((records) => gen(redeliveries, records));
    for (;;) {
      const open = waiting.filter((slices) => slices.length > 0);
      if (open.length === 0) break;
      const slice = open[gen(fc.nat, { max: open.length - 1 })]?.shift();
      if (slice?.length) await handle(batchOf(slice));
    }
  }
}
