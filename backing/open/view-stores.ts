import { setTimeout as sleep } from 'node:timers/promises';
import type { ViewName } from '#contract/topics.ts';
import type { Graph } from '../graph/port.ts';
import { errorFields, type Report } from '../http/report.ts';
import type { Vectors } from '../vectors/port.ts';
import type { ViewState, ViewVersions } from '../view-versions/port.ts';
import type { Closable } from './port.ts';
import type { Relational } from './relational.ts';

/** How often the rows are read, and how long that may take: so late a switch is noticed, once it can be read. */
const [EVERY_MS, READ_MS] = [1_000, 2_000];
/** By then every process has noticed a change, unless it cannot read the rows. */
export const NOTICED_MS = 5_000;

/** The store of each view. */
export type StoreOf = { counters: Relational; embeddings: Vectors & Closable; graph: Graph & Closable };
type Opened = StoreOf[ViewName];

/** The stores of the views by their versions, and the rows that say which of them serve. */
export type ViewStores = {
  /** What the rows said last. */
  states(): readonly ViewState[];
  /** The store of the version that serves just now. */
  serving<View extends ViewName>(view: View): StoreOf[View];
  /** A version's store, opened once however many ask for it. Rejects where it cannot be reached, or was never made. */
  open<View extends ViewName>(view: View, version: number): Promise<StoreOf[View]>;
  /** Told of what the rows said last, and from then on of each change; who rejects is told again a while later. */
  watch(listener: (states: readonly ViewState[]) => Promise<void>): Promise<() => void>;
  /** Reads the rows now, instead of within a second. */
  refresh(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Follows the rows of some views, from what they said `first` on. Who serves changes only once the new version's store
 * is open. A version that the rows no longer name is closed a while after.
 */
export function followViews({
  first,
  viewVersions,
  open,
  report,
}: {
  first: readonly { state: ViewState; store: Opened }[];
  viewVersions: ViewVersions;
  open(view: ViewName, version: number): Promise<Opened>;
  report: Report;
}): ViewStores {
  const nameOf = (view: ViewName, version: number) => `${view} ${version}`;
  const stores = new Map(
    first.map(({ state: { view, serving }, store }) => [nameOf(view, serving), Promise.resolve(store)]),
  );
  const answering = new Map(first.map(({ state, store }) => [state.view, store]));
  const unnamed = new Set<string>();
  const listeners = new Set<(states: readonly ViewState[]) => Promise<void>>();
  const closing = new AbortController();
  let states: readonly ViewState[] = first.map(({ state }) => state);
  let untold = false;

  function opened<View extends ViewName>(view: View, version: number): Promise<StoreOf[View]> {
    const name = nameOf(view, version);
    const held = stores.get(name) ?? open(view, version);
    stores.set(name, held);
    held.catch(() => {
      if (stores.get(name) === held) stores.delete(name);
    });
    return held as Promise<StoreOf[View]>;
  }

  async function closeOne(name: string): Promise<void> {
    const store = stores.get(name);
    stores.delete(name);
    await (await store?.catch(() => null))?.close();
  }

  async function read(): Promise<ViewState[]> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(READ_MS)]);
    const rows = await Promise.all(states.map(({ view }) => viewVersions.read(view, signal)));
    for (const { view, serving } of rows) answering.set(view, await opened(view, serving));
    return rows;
  }

  /** Closes what two looks in a row found unnamed: who has just asked it something is answered in between. */
  async function closeUnnamed(): Promise<void> {
    const named = new Set(
      states.flatMap(({ view, serving, beside }) =>
        [serving, beside ?? serving].map((one) => nameOf(view, one)),
      ),
    );
    for (const name of stores.keys()) {
      if (named.has(name)) unnamed.delete(name);
      else if (unnamed.delete(name)) await closeOne(name);
      else unnamed.add(name);
    }
  }

  async function look(): Promise<void> {
    const before = states;
    states = await read();
    const same = states.every(({ revision }, at) => revision === before[at]?.revision);
    if (!same || untold) {
      untold = true;
      for (const listener of listeners) await listener(states);
      untold = false;
    }
    await closeUnnamed();
  }

  /** One look at a time. */
  function lookNext(): Promise<void> {
    looking = looking.catch(() => {}).then(look);
    return looking;
  }

  async function follow(): Promise<void> {
    let failing = false;
    while (!closing.signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal: closing.signal }).catch(() => {});
      if (closing.signal.aborted) return;
      try {
        await lookNext();
        failing = false;
      } catch (error) {
        if (!failing && !closing.signal.aborted) {
          const message = 'Which versions of the views serve could not be read: those of before go on';
          report({ level: 'warn', message, error: errorFields(error) });
        }
        failing = true;
      }
    }
  }

  let looking: Promise<void> = Promise.resolve();
  const following = follow();

  return {
    states: () => states,
    serving: <View extends ViewName>(view: View) => answering.get(view) as StoreOf[View],
    open: opened,
    async watch(listener) {
      await listener(states);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh: lookNext,
    async close() {
      closing.abort();
      await following;
      await looking.catch(() => {});
      await Promise.all([...stores.keys()].map(closeOne));
    },
  };
}
