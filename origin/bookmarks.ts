import { setTimeout as sleep } from 'node:timers/promises';
import { errorFields, type Report } from '#backing/http/report.ts';
import type { Progress } from '#backing/log/port.ts';
import { orAborted } from '#backing/or-aborted.ts';
import type { Bookmark } from '#contract/bookmark.ts';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import { answeringGroups, viewTopics } from '#contract/topics.ts';
import { singleFlight } from './single-flight.ts';

/** How long a question may wait for the views, of the time that it has at most half. */
const WAIT_MS = 300;
/** How old a group's offsets may be before they are read again. */
const FRESH_MS = 20;
/** How long the log may take to tell them. */
const READ_MS = 1_000;
/** A log that failed is asked again so often, behind the questions: none of them waits for it meanwhile. */
const LEFT_ALONE_MS = 1_000;
/** How many questions may wait at once. */
const MOST_WAITING = 1_000;

export type Bookmarks = {
  /**
   * Resolves to true once every view that answers rest on has written what the bookmark stands for; to false where that
   * was not seen in time, or the log cannot tell. Rejects with the signal's reason.
   */
  reached(bookmark: Bookmark, deadline_ms: number, signal: AbortSignal): Promise<boolean>;
};

/**
 * Waits for the views to pass bookmarks, by the offsets that their groups have committed: those are read once for all
 * who wait, and never go back, so what was passed once needs no reading. Without `progress` nothing is known to be passed.
 */
export function openBookmarks({
  progress,
  clock,
  report,
  groups = () => answeringGroups,
  wait_ms = WAIT_MS,
}: {
  progress: Progress | null;
  clock: Clock;
  report: Report;
  /** The groups of the versions of the views that serve just now. */
  groups?: (() => readonly string[]) | undefined;
  wait_ms?: number;
}): Bookmarks {
  const committed = new Map<string, { offsets: readonly number[]; read_ms: number }>();
  const flight = singleFlight<void>();
  let waiting = 0;
  let lost_ms: number | null = null;

  async function read(group: string, topic: string, from: Progress): Promise<void> {
    const key = composite(group, topic);
    await flight(key, async () => {
      const known = committed.get(key);
      const rest_ms = known ? known.read_ms + FRESH_MS - clock() : 0;
      if (rest_ms > 0) await sleep(Math.min(rest_ms, FRESH_MS));
      const read_ms = clock();
      try {
        const offsets = await from.committed(group, topic, AbortSignal.timeout(READ_MS));
        committed.set(key, { offsets, read_ms });
        lost_ms = null;
      } catch (error) {
        if (lost_ms === null) {
          report({
            level: 'warn',
            message: 'no bookmark can be waited for: the log does not tell how far the views are',
            error: errorFields(error),
          });
        }
        lost_ms = clock();
        throw error;
      }
    });
  }

  /** The groups, each with a topic, of which it is not known yet that they passed the bookmark. */
  function behind(bookmark: Bookmark): [group: string, topic: string][] {
    const left = new Map<string, [string, string]>();
    for (const group of groups()) {
      for (const [topic, partition, offset] of bookmark) {
        const key = composite(group, topic);
        if (!((committed.get(key)?.offsets[partition] ?? 0) > offset)) left.set(key, [group, topic]);
      }
    }
    return [...left.values()];
  }

  async function wait(bookmark: Bookmark, from: Progress, signal: AbortSignal): Promise<boolean> {
    for (let left = behind(bookmark); left.length > 0; left = behind(bookmark)) {
      signal.throwIfAborted();
      await Promise.all(left.map(([group, topic]) => read(group, topic, from)));
    }
    return true;
  }

  /** Tries a lost log again. Nobody waits for that; what becomes of it is known, or reported, where it is read. */
  function again(left: readonly [group: string, topic: string][], from: Progress): void {
    lost_ms = clock();
    for (const [group, topic] of left) read(group, topic, from).catch(() => {});
  }

  return {
    async reached(bookmark, deadline_ms, signal) {
      const left = behind(bookmark);
      if (left.length === 0) return true;
      // What no view reads, none will ever have passed.
      const never = left.some(([, topic]) => !viewTopics.includes(topic));
      if (!progress || never || waiting >= MOST_WAITING) return false;
      if (lost_ms !== null) {
        if (clock() - lost_ms >= LEFT_ALONE_MS) again(left, progress);
        return false;
      }
      const either = AbortSignal.any([
        signal,
        AbortSignal.timeout(Math.floor(Math.min(wait_ms, deadline_ms / 2))),
      ]);
      waiting++;
      try {
        return await orAborted(wait(bookmark, progress, either), either);
      } catch {
        signal.throwIfAborted();
        return false;
      } finally {
        waiting--;
      }
    },
  };
}
