import { describe, expect, test } from 'vitest';
import { firstState, type ViewState, type ViewVersions } from '#backing/view-versions/port.ts';
import { viewNames } from '#contract/topics.ts';
import { collect } from '../support/dump.ts';
import { dumpContract } from './dump.contract.ts';

export type ViewVersionsSubject = {
  name: string;
  /** An empty table that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<ViewVersions>;
};

const { signal } = new AbortController();
const second = { serving: 1, beside: 2, keeps_up: false, newest: 2 };

/** What every switch of the views' versions holds to. */
export function viewVersionsContract({ name, open }: ViewVersionsSubject): void {
  describe(`the views' versions: ${name}`, () => {
    dumpContract(async () => {
      const versions = await open();
      return {
        dump: () => versions.dump(),
        async write() {
          const rows = await Promise.all(viewNames.map((view) => versions.read(view, signal)));
          const left = rows.filter(({ revision }) => revision === 0).slice(0, 2);
          for (const row of left) await versions.change(row, second, signal);
        },
      };
    });

    test('a view that was never made anew has its first version alone', async () => {
      const versions = await open();
      for (const view of viewNames) expect(await versions.read(view, signal)).toEqual(firstState(view));
    });

    test('a change is read as it was written, and leaves the other views as they were', async () => {
      const versions = await open();
      let state = await versions.read('graph', signal);
      for (const to of [second, { ...second, keeps_up: true }, { ...second, serving: 2, beside: null }]) {
        expect(await versions.change(state, to, signal)).toBe(true);
        const before: ViewState = state;
        state = await versions.read('graph', signal);
        expect(state).toEqual({ ...to, view: 'graph', revision: before.revision + 1 });
      }
      expect(await versions.read('counters', signal)).toEqual(firstState('counters'));
    });

    test('a change of what was changed since writes nothing, and says so; the same one can be repeated', async () => {
      const versions = await open();
      const first = await versions.read('counters', signal);
      expect(await versions.change(first, second, signal)).toBe(true);
      expect(await versions.change(first, second, signal)).toBe(true);
      const now = await versions.read('counters', signal);
      expect(now.revision).toBe(1);
      for (const other of [
        { ...second, newest: 3 },
        { ...second, beside: null },
      ]) {
        expect(await versions.change(first, other, signal)).toBe(false);
        expect(await versions.change({ ...now, revision: 7 }, other, signal)).toBe(false);
      }
      expect(await versions.read('counters', signal)).toEqual(now);
    });

    test('of different changes of the same at once, one is made', async () => {
      const versions = await open();
      for (let round = 0; round < 2; round++) {
        const state = await versions.read('embeddings', signal);
        const all = Array.from({ length: 8 }, (_, at) => ({ ...second, newest: 10 * round + at + 2 }));
        const made = await Promise.all(all.map((to) => versions.change(state, to, signal)));
        expect(made.filter(Boolean)).toHaveLength(1);
        expect(await versions.read('embeddings', signal)).toMatchObject(all[made.indexOf(true)] as object);
      }
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [versions, aborted] = [await open(), AbortSignal.abort()];
      await expect(versions.change(firstState('graph'), second, aborted)).rejects.toThrow();
      await expect(versions.read('graph', aborted)).rejects.toThrow();
      expect(await collect(versions.dump())).toEqual([]);
    });
  });
}
