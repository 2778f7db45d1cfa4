import type { Clock } from '#contract/clock.ts';
import { type ViewName, versionSuffix } from '#contract/topics.ts';
import { embeddedAnswers } from './answers/embedded.ts';
import { openApiKeys } from './open/api-keys.ts';
import { openArchive } from './open/archive.ts';
import { openGraph } from './open/graph.ts';
import { openRelational } from './open/relational.ts';
import { openSwitches, switchFiles } from './open/switches.ts';
import { openVectors } from './open/vectors.ts';
import { FIRST, type Serving } from './view-versions/serving.ts';

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
  serving = FIRST,
}: {
  path: (name: string) => string;
  clock: Clock;
  synchronous?: 'full' | 'normal';
  /** Which version of each view it is; the first where nothing is said. */
  serving?: Serving;
}) {
  const fileOf = (name: string, view: ViewName) => path(`${name}${versionSuffix(serving[view])}.db`);
  const relational = openRelational(fileOf('views', 'counters'), synchronous);
  const { close: closeSwitches, ...switches } = openSwitches(switchFiles(path), synchronous);
  const { close: closeVectors, ...vectors } = openVectors(fileOf('vectors', 'embeddings'), synchronous);
  const { close: closeGraph, ...graph } = openGraph(fileOf('graph', 'graph'), synchronous);
  const { close: closeKeys, ...apiKeys } = openApiKeys(path('control.db'), synchronous);
  const { close: closeArchive, ...archive } = openArchive(path('archive'));
  return {
    catalogue: relational.catalogue,
    profiles: relational.profiles,
    counters: relational.counters,
    ...switches,
    vectors,
    graph,
    answers: embeddedAnswers({ clock }),
    apiKeys,
    archive,
    close() {
      relational.close();
      closeSwitches();
      closeVectors();
      closeGraph();
      closeKeys();
      void closeArchive();
    },
  };
}
export type Stores = ReturnType<typeof openStores>;
