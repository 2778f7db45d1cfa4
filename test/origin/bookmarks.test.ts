import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { openLog } from '#backing/log/embedded.ts';
import { LogUnavailable, type Progress } from '#backing/log/port.ts';
import { answeringGroups, topics } from '#contract/topics.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import { neverBefore } from './never-before.ts';

const { signal } = new AbortController();
const MARK = [[topics.events, 0, 5] as [string, number, number]];

/** A log whose groups are where a test puts them. */
function groupsAt(offset: number) {
  const state = { offset, asked: 0, lost: false };
  const progress: Progress = {
    async committed() {
      state.asked++;
      if (state.lost) throw new LogUnavailable('gone');
      return [state.offset];
    },
  };
  return { state, progress };
}

const open = (progress: Progress | null, clock = Date.now) => {
  const reports: unknown[] = [];
  const report = (line: unknown) => void reports.push(line);
  return { ...openBookmarks({ progress, clock, report, wait_ms: 30 }), reports };
};

describe('a bookmark', () => {
  test('never reads before its write, in whatever order views and writes come', async () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ view: fc.nat(answeringGroups.length - 1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const folder = await mkdtemp(join(tmpdir(), 'edgewise-'));
        const log = openLog({ file: join(folder, 'log.db'), backoff: { base_ms: 1, max_ms: 2 } });
        try {
          await neverBefore(log, log, steps);
        } finally {
          await log.close();
          await rm(folder, { recursive: true });
        }
      }),
      { numRuns: 15 },
    );
  });

  test('is waited for until the views have passed it', async () => {
    const { state, progress } = groupsAt(5);
    const { reached } = openBookmarks({ progress, clock: Date.now, report: () => {}, wait_ms: 10_000 });
    const answer = reached(MARK, 60_000, signal);
    await vi.waitFor(() => expect(state.asked).toBeGreaterThan(answeringGroups.length));
    state.offset = 6;
    expect(await answer).toBe(true);
  });

  test('that was passed once is not asked about again', async () => {
    const { state, progress } = groupsAt(6);
    const { reached } = open(progress);
    expect(await reached(MARK, 1_000, signal)).toBe(true);
    const asked = state.asked;
    expect(await reached([[topics.events, 0, 2]], 1_000, signal)).toBe(true);
    expect(state.asked).toBe(asked);
  });

  test('is given up on where it is not passed in time, and its group asked once for all who wait', async () => {
    const { state, progress } = groupsAt(0);
    const { reached } = open(progress);
    const answers = await Promise.all(Array.from({ length: 200 }, () => reached(MARK, 1_000, signal)));
    expect(answers).toEqual(answers.map(() => false));
    expect(state.asked).toBeLessThan(200);
  });

  test('past the end of the log, of a partition or topic that there is not, is never passed', async () => {
    const { state, progress } = groupsAt(6);
    const { reached } = open(progress);
    expect(await reached([[topics.events, 7, 0]], 1_000, signal)).toBe(false);
    const asked = state.asked;
    expect(await reached([['nonsense', 0, 0]], 1_000, signal)).toBe(false);
    expect(state.asked).toBe(asked);
  });

  test('is waited for no longer than the question has time, and not after whoever asked has left', async () => {
    const { progress } = groupsAt(0);
    const { reached } = openBookmarks({ progress, clock: Date.now, report: () => {}, wait_ms: 60_000 });
    expect(await reached(MARK, 20, signal)).toBe(false);
    const gone = new AbortController();
    const answer = reached(MARK, 60_000, gone.signal);
    gone.abort(new Error('left'));
    await expect(answer).rejects.toThrow('left');
  });

  test('is not waited for without a log', async () => {
    expect(await open(null).reached(MARK, 1_000, signal)).toBe(false);
    expect(await open(null).reached([], 1_000, signal)).toBe(true);
  });

  test('is not waited for while the log is lost, which is told once and asked about behind the answers', async () => {
    const { state, progress } = groupsAt(6);
    let now_ms = 0;
    const { reached, reports } = open(progress, () => now_ms);
    state.lost = true;
    expect(await reached(MARK, 1_000, signal)).toBe(false);
    const asked = state.asked;
    expect(await reached(MARK, 1_000, signal)).toBe(false);
    expect([state.asked, reports.length]).toEqual([asked, 1]);
    state.lost = false;
    now_ms = 1_000;
    expect(await reached(MARK, 1_000, signal)).toBe(false);
    await vi.waitFor(async () => expect(await reached(MARK, 1_000, signal)).toBe(true));
  });
});
