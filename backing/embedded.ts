import type { Clock } from '#contract/clock.ts';
import { embeddedAnswers } from './answers/embedded.ts';
import { openApiKeys } from './open/api-keys.ts';
import { openArchive } from './open/archive.ts';
import { openGraph } from './open/graph.ts';
import { openRelational, relationalFiles } from './open/relational.ts';
import { openVectors } from './open/vectors.ts';

/**
 * The embedded stores, in one folder. Each view has a file of its own, so that none needs another's; and so has
 * what no log can bring back. What they commit survives the loss of power, since the offsets that the log commits
 * after it do: a view that fell behind its offsets would lack those events for good. Only a folder that is
 * thrown away anyhow may do without, by `synchronous: 'normal'`.
 */
export function openStores({
  path,
  clock,
  synchronous = 'full',
}: {
  path: (name: string) => string;
  clock: Clock;
  synchronous?: 'full' | 'normal';
}) {
  const relational = openRelational(relationalFiles(path), synchronous);
  const { close: closeVectors, ...vectors } = openVectors(path('vectors.db'), synchronous);
  const { close: closeGraph, ...graph } = openGraph(path('graph.db'), synchronous);
  const { close: closeKeys, ...apiKeys } = openApiKeys(path('control.db'), synchronous);
  const { close: closeArchive, ...archive } = openArchive(path('archive'));
  return {
    catalogue: relational.catalogue,
    profiles: relational.profiles,
    counters: relational.counters,
    versions: relational.versions,
    placements: relational.placements,
    deletions: relational.deletions,
    vectors,
    graph,
    answers: embeddedAnswers({ clock }),
    apiKeys,
    archive,
    close() {
      relational.close();
      closeVectors();
      closeGraph();
      closeKeys();
      void closeArchive();
    },
  };
}
export type Stores = ReturnType<typeof openStores>;
