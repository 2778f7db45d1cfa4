import { expect } from 'vitest';
import type { Consumer, Log, Progress } from '#backing/log/port.ts';
import { bookmarkOf } from '#contract/bookmark.ts';
import { answeringGroups, topics, viewTopics } from '#contract/topics.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';

const { signal } = new AbortController();
const DEADLINE_MS = 60_000;

/** What is done, in turn: something is written, or a view may take what is there. */
export type Step = { write: number } | { view: number };

/**
 * Writes and lets views go on in the order of the steps, each view held up until its turn, and asks after every step
 * whether the last write can be read: the answer must never be yes while a view has not written it.
 */
export async function neverBefore(
  log: Log,
  progress: Progress,
  steps: readonly Step[],
  { wait_ms = 1, settle_ms = 10_000 }: { wait_ms?: number; settle_ms?: number } = {},
) {
  const turns = answeringGroups.map(() => Promise.withResolvers<void>());
  const written = answeringGroups.map(() => new Set<string>());
  const place = (topic: string, partition: number, offset: number) => `${topic} ${partition} ${offset}`;
  const consumers: Consumer[] = await Promise.all(
    answeringGroups.map((group, view) =>
      log.consume({
        group,
        topics: viewTopics,
        max_records: 2,
        async handle({ topic, partition, records }) {
          await turns[view]?.promise;
          for (const { offset } of records) written[view]?.add(place(topic, partition, offset));
        },
        onError: () => {},
      }),
    ),
  );
  const options = { progress, clock: Date.now, report: () => {} };
  const bookmarks = openBookmarks({ ...options, wait_ms });
  const patient = openBookmarks({ ...options, wait_ms: settle_ms });
  let last = bookmarkOf([]);
  const readable = () =>
    last.every(([topic, partition, offset]) =>
      written.every((places) => places.has(place(topic, partition, offset))),
    );
  try {
    for (const step of steps) {
      if ('write' in step) {
        const messages = Array.from({ length: step.write }, (_, at) => ({
          key: `${at}`,
          value: new Uint8Array([at]),
        }));
        last = bookmarkOf(await log.append(topics.events, messages, signal));
      } else turns[step.view]?.resolve();
      if (await bookmarks.reached(last, DEADLINE_MS, signal)) expect(readable()).toBe(true);
    }
    for (const { resolve } of turns) resolve();
    expect(await patient.reached(last, DEADLINE_MS, signal)).toBe(true);
    expect(readable()).toBe(true);
  } finally {
    for (const { resolve } of turns) resolve();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }
}
