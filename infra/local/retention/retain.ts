import type { Log } from '#backing/log/port.ts';
import type { ViewStores } from '#backing/open/view-stores.ts';
import { groupOf, topics, type ViewName } from '#contract/topics.ts';
import { Mendable } from '../terminal/mendable.ts';
import { type Kept, oldAt } from './rules.ts';

export type Retaining = {
  kept: Kept;
  dry_run: boolean;
  now_ms: number;
  log: Pick<Log, 'ends' | 'committed'>;
  viewStores: Pick<ViewStores, 'states' | 'open'>;
  signal: AbortSignal;
};

/** What went of a version of a view, or would go: of each kind how many. */
export type Left = { view: ViewName; version: number; gone: Readonly<Record<string, number>> };

/**
 * Takes away what is old, of each version of each view that is kept up, and tells what that was; with `dry_run` it only
 * tells. Cut off anywhere, it is called again. Throws Mendable where less would be kept than has to be, and where an
 * import has not yet reached a view: what is dropped whole may not be written to meanwhile.
 */
export async function retain(on: Retaining): Promise<Left[]> {
  const { kept, dry_run, now_ms, viewStores, signal } = on;
  const old = oldAt(now_ms, kept);
  const versions = viewStores
    .states()
    .flatMap(({ view, serving, beside, keeps_up }) =>
      (beside !== null && keeps_up ? [serving, beside] : [serving]).map((version) => ({ view, version })),
    );
  for (const { view, version } of versions) await refuseImport(on, view, version);

  const all: Left[] = [];
  for (const { view, version } of versions) {
    const gone: Record<string, number> = {};
    if (view === 'embeddings') {
      const vectors = await viewStores.open(view, version);
      for (const one of await vectors.dropBefore({ ...old.messages, dry_run }, signal))
        gone[`messages of ${one.month} (${one.version})`] = one.messages;
    } else if (view === 'graph') {
      const graph = await viewStores.open(view, version);
      const removed = await graph.removeBefore({ ...old.edges, dry_run }, signal);
      for (const [kind, many] of Object.entries(removed)) gone[`edges "${kind}"`] = many;
    } else {
      const { counters } = await viewStores.open(view, version);
      const { identities, tens } = await counters.removeBefore({ ...old.counts, dry_run }, signal);
      Object.assign(gone, { identities, 'counts by ten minutes': tens });
    }
    all.push({ view, version, gone });
  }
  return all;
}

async function refuseImport({ log, signal }: Retaining, view: ViewName, version: number): Promise<void> {
  const [ends, committed] = await Promise.all([
    log.ends(topics.imports, signal),
    log.committed(groupOf(view, version), topics.imports, signal),
  ]);
  if (ends.every((end, partition) => (committed[partition] ?? 0) >= end)) return;
  throw new Mendable(
    `An import has not yet reached version ${version} of ${view}: let the views catch up, and try again`,
  );
}
