import type { Answers } from '#backing/answers/port.ts';
import type { Archive } from '#backing/archive/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Log } from '#backing/log/port.ts';
import type { StoreOf, ViewStores } from '#backing/open/view-stores.ts';
import type { ViewState, ViewVersions } from '#backing/view-versions/port.ts';
import type { ViewName } from '#contract/topics.ts';
import type { Progress } from '../terminal/progress.ts';
import type { DumpedStores } from './verify.ts';

/** How the store of a version comes and goes, beside what a view writes into it. */
export type VersionMaker = {
  /** Makes what a version's store needs to be opened; it may be there already. */
  prepare(view: ViewName, version: number): Promise<void>;
  /** Takes a version away with all that is in it; it may be gone already. */
  drop(view: ViewName, version: number): Promise<void>;
};

/** What a rebuild has to do with. */
export type Rebuilding = VersionMaker & {
  view: ViewName;
  log: Log;
  archive: Archive;
  answers: Answers;
  embedders: Embedders;
  viewVersions: ViewVersions;
  viewStores: ViewStores;
  progress: Progress;
  /** Told what is being done, in a sentence. */
  say(line: string): void;
  /** How long until every process has noticed what a row says. */
  noticed_ms: number;
  signal: AbortSignal;
};

/** Somebody at the keyboard asked for what the versions, as they are, do not allow. The message says what they do. */
export class NotNow extends Error {
  readonly code = 'not_now';
  readonly retryable = false;
}

/** Writes a row, and has this process notice at once. Throws NotNow where somebody else has changed it. */
export async function change(
  { viewVersions, viewStores, signal }: Rebuilding,
  from: ViewState,
  to: Partial<Pick<ViewState, 'serving' | 'beside' | 'keeps_up' | 'newest'>>,
): Promise<ViewState> {
  if (!(await viewVersions.change(from, { ...from, ...to }, signal)))
    throw new NotNow(
      `Somebody else has changed the versions of ${from.view} just now: look at them, and try again`,
    );
  await viewStores.refresh();
  return viewVersions.read(from.view, signal);
}

/** What a version of a view is compared by. */
export async function dumpedStores(
  { viewStores }: Rebuilding,
  view: ViewName,
  version: number,
): Promise<DumpedStores> {
  const store = await viewStores.open(view, version);
  if (view === 'counters') {
    const { catalogue, counters, profiles } = store as StoreOf['counters'];
    return { catalogue, counters, profiles };
  }
  return { [view === 'graph' ? 'graph' : 'vectors']: store as StoreOf['graph' | 'embeddings'] };
}
