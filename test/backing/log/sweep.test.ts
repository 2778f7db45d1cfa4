import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { LogRecord, Message } from '#backing/log/port.ts';
import { topics } from '#contract/topics.ts';
import { checkFollows } from '../../../infra/local/rebuild/reach.ts';
import { inbox } from '../../ports/log.inbox.ts';
import { temporaryFolder } from '../../support/folder.ts';

const { signal } = new AbortController();

function messages(count: number): Message[] {
  return Array.from({ length: count }, (_, at) => ({ key: `key ${at}`, value: new Uint8Array(10).fill(at) }));
}

const onError = (error: unknown) => {
  throw error;
};

const DAY_MS = 86_400_000;
const sum = (offsets: readonly number[]) => offsets.reduce((total, offset) => total + offset, 0);
const topicsOf = [topics.events, topics.campaigns, topics.deadLetters, topics.served];

/** A log that is swept all the time, filled on the first day, and a group that takes so many of its events and no more. */
async function old(file: string, upTo: number) {
  const time = { now_ms: 0 };
  const reports: unknown[] = [];
  const log = openLog({
    file,
    clock: () => time.now_ms,
    forget: { report: (line) => reports.push(line), every_ms: 1 },
    backoff: { base_ms: 1, max_ms: 2 },
  });
  for (const topic of topicsOf) await log.append(topic, messages(3_000), signal);
  const reached = Promise.withResolvers<void>();
  let taken = 0;
  const join = () =>
    log.consume({
      group: 'counters',
      topics: [topics.events],
      max_records: 10,
      onError: () => reached.resolve(),
      async handle({ records }) {
        if (taken + records.length > upTo) throw Object.assign(new Error('wait'), { retryable: false });
        taken += records.length;
        if (taken === upTo) reached.resolve();
      },
    });
  const starts = async (topic: string) => sum(await log.starts(topic, signal));
  return { log, time, reports, join, reached: reached.promise, starts };
}

test('what is older than its topic is kept leaves, once groups with members were handed it; campaigns stay', async () => {
  const file = join(await temporaryFolder(), 'log.db');
  const { log, time, reports, join: joined, reached, starts } = await old(file, 3_000);
  time.now_ms = 7 * DAY_MS;
  await joined();
  await reached;
  await log.append(topics.events, messages(40), signal);
  time.now_ms += 1;
  await vi.waitFor(async () => {
    expect(await starts(topics.events)).toBe(3_000);
    expect(await starts(topics.served)).toBe(3_000);
  });
  expect([await starts(topics.campaigns), await starts(topics.deadLetters)]).toEqual([0, 0]);
  time.now_ms = 30 * DAY_MS + 1;
  await vi.waitFor(async () => expect(await starts(topics.deadLetters)).toBe(3_000));
  expect(await starts(topics.campaigns)).toBe(0);
  await log.close();

  const again = openLog({ file });
  for (const topic of [topics.served, topics.deadLetters]) {
    const ends = await again.ends(topic, signal);
    expect([sum(ends), await again.starts(topic, signal)]).toEqual([3_000, ends]);
    // Who was never there has nothing to catch up with.
    expect(await again.committed('new', topic, signal)).toEqual(ends);
  }
  const places = await again.append(topics.served, messages(100), signal);
  expect(new Set(places.map(({ offset }) => offset)).has(0)).toBe(false);
  const records = inbox<LogRecord>(signal);
  await again.consume({
    group: 'new',
    topics: [topics.served],
    max_records: 7,
    onError,
    handle: async (batch) => batch.records.forEach(records.push),
  });
  await records.until((items) => items.length === 100);
  expect(new Set(records.items.map(({ key }) => key)).size).toBe(100);
  await again.close();
  expect(reports).toEqual([]);
});

test('nothing leaves that a group with members has yet to be handed, nor where nobody reads', async () => {
  const file = join(await temporaryFolder(), 'log.db');
  const { log, time, join: joined, reached, starts } = await old(file, 500);
  time.now_ms = 8 * DAY_MS;
  // So long that a sweep, which is due each millisecond, would have begun.
  await new Promise<void>((resolve) => setTimeout(resolve, 20));
  expect(await starts(topics.served)).toBe(0);
  await joined();
  await reached;
  await vi.waitFor(async () => expect(await starts(topics.served)).toBe(3_000));
  await vi.waitFor(async () =>
    expect(await log.starts(topics.events, signal)).toEqual(
      await log.committed('counters', topics.events, signal),
    ),
  );
  expect(await starts(topics.events)).toBeLessThanOrEqual(500);
  await log.close();
});

test('what left stands nowhere in the files', async () => {
  const folder = await temporaryFolder();
  const { log, time, join: joined, starts } = await old(join(folder, 'log.db'), 3_000);
  const canary = { key: 'k', value: new TextEncoder().encode('canary-of-the-log') };
  await log.append(topics.served, [canary], signal);
  const found = async () => {
    const names = await readdir(folder);
    const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
    return files.some((bytes) => bytes.includes('canary-of-the-log'));
  };
  expect(await found()).toBe(true);
  await joined();
  time.now_ms = 8 * DAY_MS;
  await vi.waitFor(async () => expect(await starts(topics.served)).toBe(3_001));
  await vi.waitFor(async () => expect(await found()).toBe(false));
  await log.close();
});

test('a sweep that fails is reported, and made again', async () => {
  const file = join(await temporaryFolder(), 'log.db');
  const { log, time, reports, join: joined, starts } = await old(file, 3_000);
  const other = new DatabaseSync(file);
  other.exec("CREATE TRIGGER keep BEFORE DELETE ON record BEGIN SELECT raise(ABORT, 'no'); END");
  time.now_ms = 8 * DAY_MS;
  await joined();
  await vi.waitFor(() =>
    expect(reports[0]).toMatchObject({
      message: 'the log could not be swept',
      error: { code: 'log_unavailable' },
    }),
  );
  expect(await starts(topics.served)).toBe(0);
  other.exec('DROP TRIGGER keep');
  other.close();
  await vi.waitFor(async () => expect(await starts(topics.served)).toBe(3_000));
  await log.close();
});

test('a group without members whose position has left is told so, until it joins where the log begins', async () => {
  const file = join(await temporaryFolder(), 'log.db');
  const { log, time, join: joined, reached, starts } = await old(file, 500);
  const member = await joined();
  await reached;
  await member.stop();
  const left = await log.committed('counters', topics.events, signal);
  time.now_ms = 8 * DAY_MS;
  await log.consume({
    group: 'profiles',
    topics: [topics.events],
    max_records: 100,
    onError,
    async handle() {},
  });
  await vi.waitFor(async () => expect(await starts(topics.events)).toBe(3_000));
  expect(await log.committed('counters', topics.events, signal)).toEqual(left);
  const places = left.map((offset, partition) => ({ topic: topics.events, partition, offset }));
  await expect(checkFollows(places, log, signal)).rejects.toMatchObject({ code: 'history_lost' });

  const again = inbox<LogRecord>(signal);
  await log.consume({
    group: 'counters',
    topics: [topics.events],
    max_records: 10,
    onError,
    handle: async (batch) => batch.records.forEach(again.push),
  });
  await caughtUp(log, 'counters', [topics.events], signal);
  const ends = await log.ends(topics.events, signal);
  expect(await log.committed('counters', topics.events, signal)).toEqual(ends);
  const after = await log.append(topics.events, messages(100), signal);
  await again.until((items) => items.length === 100);
  const told = (of: readonly { partition: number; offset: number }[]) =>
    of.map(({ partition, offset }) => `${partition} ${offset}`).sort();
  expect(told(again.items)).toEqual(told(after));
  await log.close();
});
