import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { Batch, ConsumerOptions, Log, LogRecord, Message, Place } from '#backing/log/port.ts';
import { topics } from '#contract/topics.ts';
import { inbox } from './log.inbox.ts';

export type LogSubject = {
  name: string;
  /** `reopen` closes the log and opens what it left; an adapter that cannot leaves it out. */
  open(): Promise<{ log: Log; reopen?: () => Promise<Log>; close(): Promise<void> }>;
};

const utf8 = new TextEncoder();

/** Messages of keys that no other test or run has. */
function fresh(count: number, key: (at: number) => string = (at) => `${at}`): Message[] {
  const run = randomUUID();
  return Array.from({ length: count }, (_, at) => ({
    key: `${run} ${key(at)}`,
    value: utf8.encode(`${at}`),
  }));
}

const only = (messages: readonly Message[]) => {
  const keys = new Set(messages.map(({ key }) => key));
  return (records: readonly LogRecord[]) => records.filter(({ key }) => keys.has(key));
};

const text = ({ value }: { value: Uint8Array }) => new TextDecoder().decode(value);
const sorted = (values: Iterable<string>) => [...values].sort((a, b) => Number(a) - Number(b));

class Refused extends Error {
  readonly retryable = false;
}

/**
 * What every log holds to. It assumes of the topics only that they are there: records and groups of other
 * runs may be in them, and offsets may have gaps.
 */
export function logContract({ name, open }: LogSubject): void {
  describe(`the log: ${name}`, () => {
    /** A log for this test, and a group that nobody else is in. */
    async function setUp() {
      const opened = await open();
      onTestFinished(() => opened.close());
      const { signal } = new AbortController();
      const group = `contract-${randomUUID()}`;
      const consume = (options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'handle'>) =>
        opened.log.consume({
          group,
          topics: [topics.events],
          max_records: 100,
          onError: () => {},
          ...options,
        });
      return { ...opened, group, consume, signal };
    }

    async function readAll(log: Log, topic: string, from: readonly number[], signal: AbortSignal) {
      const parts = from.map((offset, partition) => log.read({ topic, partition, offset }, 10_000, signal));
      return (await Promise.all(parts)).flat();
    }

    test('bytes come back as they were', async () => {
      const { log, consume, signal } = await setUp();
      const values = [
        Uint8Array.from({ length: 256 }, (_, at) => at),
        new Uint8Array(0),
        new Uint8Array(20_000).fill(255),
        utf8.encode('naïve 🙂').subarray(2),
      ];
      const messages = fresh(values.length, (at) => `{"ключ": [${at}, "\\"\u0000"]}`).map((message, at) => ({
        ...message,
        value: values[at] as Uint8Array,
      }));
      const places = await log.append(topics.events, messages, signal);

      const read = await Promise.all(places.map((place) => log.read(place, 1, signal)));
      expect(read.flat().map(({ key, value }) => ({ key, value: [...value] }))).toEqual(
        messages.map(({ key, value }) => ({ key, value: [...value] })),
      );

      const got = inbox<LogRecord>(signal);
      const mine = only(messages);
      await consume({ handle: async ({ records }) => mine(records).forEach(got.push) });
      await got.until((items) => items.length >= messages.length);
      for (const { key, value } of messages) {
        expect([...(got.items.find((item) => item.key === key)?.value ?? [])]).toEqual([...value]);
      }
    });

    test('the span that wrote a message comes back beside it, and nothing where there was none', async () => {
      const { log, consume, signal } = await setUp();
      const traceparent = `00-${'4b'.repeat(16)}-${'0f'.repeat(8)}-01`;
      const [first, second, third] = fresh(3) as [Message, Message, Message];
      const messages = [first, { ...second, traceparent }, third];
      const places = await log.append(topics.events, messages, signal);
      const read = (await Promise.all(places.map((place) => log.read(place, 1, signal)))).flat();
      const got = inbox<LogRecord>(signal);
      const mine = only(messages);
      await consume({ handle: async ({ records }) => mine(records).forEach(got.push) });
      await got.until((items) => items.length >= messages.length);
      for (const records of [read, got.items]) {
        const of = ({ key }: Message) => records.find((record) => record.key === key) as LogRecord;
        expect(of(second).traceparent).toBe(traceparent);
        expect(text(of(second))).toBe('1');
        for (const other of [first, third]) expect(of(other)).not.toHaveProperty('traceparent');
      }
    });

    test('an append tells where each message stands, in the order in which they were given', async () => {
      const { log, signal } = await setUp();
      const messages = fresh(200);
      const places = await log.append(topics.events, messages, signal);
      expect(places).toHaveLength(200);
      for (const [at, place] of places.entries()) {
        const [record] = await log.read(place, 1, signal);
        expect(record).toMatchObject({ ...place, key: messages[at]?.key, topic: topics.events });
        expect(text(record as LogRecord)).toBe(`${at}`);
      }
    });

    test('the ends are past what was appended, and never go back', async () => {
      const { log, signal } = await setUp();
      const before = await log.ends(topics.events, signal);
      const places = await log.append(topics.events, fresh(50), signal);
      const after = await log.ends(topics.events, signal);
      for (const { partition, offset } of places) {
        expect(offset).toBeGreaterThanOrEqual(before[partition] as number);
        expect(offset).toBeLessThan(after[partition] as number);
      }
      expect(after.every((end, partition) => end >= (before[partition] as number))).toBe(true);
    });

    test('the same key keeps its order, over appends and batches', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(300, (at) => `${at % 3}`);
      for (let at = 0; at < 300; at += 30)
        await log.append(topics.events, messages.slice(at, at + 30), signal);
      const got = inbox<LogRecord>(signal);
      const mine = only(messages);
      await consume({ max_records: 7, handle: async ({ records }) => mine(records).forEach(got.push) });
      await got.until((items) => new Set(items.map(text)).size === 300);
      for (const key of new Set(messages.map((message) => message.key))) {
        const first = [...new Set(got.items.filter((item) => item.key === key).map(text))];
        expect(first).toEqual(messages.filter((message) => message.key === key).map(text));
      }
    });

    test('a key has the same partition in the topics of events and of imports', async () => {
      const { log, signal } = await setUp();
      const messages = fresh(40);
      const live = await log.append(topics.events, messages, signal);
      const imported = await log.append(topics.imports, messages, signal);
      expect(imported.map(({ partition }) => partition)).toEqual(live.map(({ partition }) => partition));
      expect(await log.ends(topics.imports, signal)).toHaveLength(
        (await log.ends(topics.events, signal)).length,
      );
    });

    test('an append whose signal is aborted already writes nothing', async () => {
      const { log, signal } = await setUp();
      const before = await log.ends(topics.events, signal);
      const messages = fresh(20);
      const reason = new Error('the caller has gone');
      await expect(log.append(topics.events, messages, AbortSignal.abort(reason))).rejects.toBe(reason);
      await log.append(topics.events, fresh(20), signal);
      expect(only(messages)(await readAll(log, topics.events, before, signal))).toEqual([]);
    });

    test('an append of nothing resolves at once with no places', async () => {
      const { log, signal } = await setUp();
      expect(await log.append(topics.events, [], signal)).toEqual([]);
    });

    test('a new group is handed what was there before it, and then what comes', async () => {
      const { log, consume, signal } = await setUp();
      const [early, late] = [fresh(20), fresh(20)];
      await log.append(topics.events, early, signal);
      const got = inbox<LogRecord>(signal);
      const mine = only([...early, ...late]);
      await consume({ handle: async ({ records }) => mine(records).forEach(got.push) });
      await got.until((items) => new Set(items.map(({ key }) => key)).size === 20);
      await log.append(topics.events, late, signal);
      await got.until((items) => new Set(items.map(({ key }) => key)).size === 40);
    });

    test('each group is handed everything, at its own pace', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(40);
      await log.append(topics.events, messages, signal);
      const mine = only(messages);
      const slow = Promise.withResolvers<void>();
      onTestFinished(() => slow.resolve());
      const [fastGot, slowGot] = [inbox<string>(signal), inbox<string>(signal)];
      const take = (got: { push(key: string): void }, { records }: Batch) => {
        for (const { key } of mine(records)) got.push(key);
      };
      await consume({
        group: `contract-${randomUUID()}`,
        handle: async (batch) => {
          await slow.promise;
          take(slowGot, batch);
        },
      });
      await consume({ handle: async (batch) => take(fastGot, batch) });
      await fastGot.until((keys) => new Set(keys).size === 40);
      expect(slowGot.items).toEqual([]);
      slow.resolve();
      await slowGot.until((keys) => new Set(keys).size === 40);
    });

    test('a batch holds records of one partition, in rising order and no more than asked for', async () => {
      const { log, group, consume, signal } = await setUp();
      await log.append(topics.events, fresh(100), signal);
      const batches: Batch[] = [];
      await consume({ max_records: 6, handle: async (batch) => void batches.push(batch) });
      await caughtUp(log, group, [topics.events], signal);
      for (const { topic, partition, records } of batches) {
        expect(records.length).toBeGreaterThan(0);
        expect(records.length).toBeLessThanOrEqual(6);
        expect(records.every((record) => record.topic === topic && record.partition === partition)).toBe(
          true,
        );
        const offsets = records.map(({ offset }) => offset);
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      }
    });

    test('a batch that is not full is held back for a while, and grows', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(10, () => 'one');
      const got = inbox<readonly LogRecord[]>(signal);
      const mine = only(messages);
      await log.append(topics.events, messages.slice(0, 1), signal);
      await consume({
        linger_ms: 2_000,
        handle: async ({ records }) => {
          if (mine(records).length > 0) got.push(mine(records));
        },
      });
      for (const message of messages.slice(1)) await log.append(topics.events, [message], signal);
      await got.until((items) => items.flat().length === 10);
      expect(got.items.map((records) => records.map(text))).toEqual([messages.map(text)]);
    });

    test('a full batch is not held back', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(25, () => 'one');
      await log.append(topics.events, messages, signal);
      const got = inbox<LogRecord>(signal);
      const mine = only(messages);
      await consume({
        max_records: 5,
        linger_ms: 3_600_000,
        handle: async ({ records }) => mine(records).forEach(got.push),
      });
      // What other runs left before these may put the last of them into a batch that is not full.
      await got.until((items) => items.length >= 20);
      expect(got.items.map(text)).toEqual(messages.slice(0, got.items.length).map(text));
    });

    test('a batch has no more bytes than asked for, but one record however large', async () => {
      const { log, consume, signal } = await setUp();
      const sizes = [1_000, 1_000, 1_000, 1_000, 9_000, 1_000, 1_000];
      const messages = fresh(sizes.length, () => 'one').map((message, at) => ({
        ...message,
        value: new Uint8Array(sizes[at] as number).fill(at),
      }));
      await log.append(topics.events, messages, signal);
      const got = inbox<readonly LogRecord[]>(signal);
      const mine = only(messages);
      await consume({
        max_bytes: 3_500,
        handle: async ({ records }) => {
          const size = records.reduce((sum, { value }) => sum + value.byteLength, 0);
          if (records.length > 1) expect(size).toBeLessThanOrEqual(3_500);
          if (mine(records).length > 0) got.push(mine(records));
        },
      });
      await got.until((items) => items.flat().length === sizes.length);
      expect(got.items.flat().map(({ value }) => value.byteLength)).toEqual(sizes);
    });

    test('offsets are committed only after the handler resolved', async () => {
      const { log, group, consume, signal } = await setUp();
      await log.append(topics.events, fresh(60), signal);
      const seen: { first: number; last: number; committed: number; partition: number }[] = [];
      await consume({
        max_records: 5,
        handle: async ({ topic, partition, records }) => {
          const committed = (await log.committed(group, topic, signal))[partition] as number;
          const offsets = records.map(({ offset }) => offset);
          seen.push({ partition, committed, first: Math.min(...offsets), last: Math.max(...offsets) });
        },
      });
      await caughtUp(log, group, [topics.events], signal);
      const committed = await log.committed(group, topics.events, signal);
      expect(seen.length).toBeGreaterThan(0);
      for (const { partition, first, last, committed: during } of seen) {
        expect(during).toBeLessThanOrEqual(first);
        expect(committed[partition]).toBeGreaterThan(last);
      }
    });

    test('a batch is handed over again until it is handled', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(10, () => 'one');
      await log.append(topics.events, messages, signal);
      const mine = only(messages);
      const got = inbox<Batch>(signal);
      const told: { error: unknown; retry_ms: number | null }[] = [];
      await consume({
        handle: async (batch) => {
          if (mine(batch.records).length === 0) return;
          got.push(batch);
          if (got.items.length > 3) return;
          // What comes meanwhile does not join the batch.
          await log.append(topics.events, messages.slice(0, 1), signal);
          throw new Error(`failure ${got.items.length}`);
        },
        onError: (error, _batch, retry_ms) => void told.push({ error, retry_ms }),
      });
      await got.until((items) => items.length === 5);
      const offsets = got.items.slice(0, 4).map(({ records }) => records.map(({ offset }) => offset));
      expect(offsets).toEqual(new Array(4).fill(offsets[0]));
      expect(got.items.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 1]);
      expect(told.map(({ error }) => (error as Error).message)).toEqual([
        'failure 1',
        'failure 2',
        'failure 3',
      ]);
      expect(told.every(({ retry_ms }) => retry_ms !== null)).toBe(true);
    });

    test('other partitions go on while one is handed over again and again', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(80);
      const places = await log.append(topics.events, messages, signal);
      const stuck = places[0]?.partition;
      const rest = new Set(messages.filter((_, at) => places[at]?.partition !== stuck).map(({ key }) => key));
      const mine = only(messages);
      const got = inbox<string>(signal);
      const failures = inbox<Error>(signal);
      await consume({
        handle: async ({ partition, records }) => {
          if (partition === stuck) throw new Error('down');
          for (const { key } of mine(records)) got.push(key);
        },
        onError: (error) => failures.push(error as Error),
      });
      await got.until((keys) => new Set(keys).size === rest.size);
      await failures.until(({ length }) => length > 1);
      expect(rest.size).toBeGreaterThan(0);
      expect(new Set(got.items)).toEqual(rest);
    });

    test('an error that cannot be retried pauses its partition, alone, until the member joins anew', async () => {
      const { log, group, consume, signal } = await setUp();
      const messages = fresh(80);
      const places = await log.append(topics.events, messages, signal);
      const bad = places[0]?.partition as number;
      const before = await log.committed(group, topics.events, signal);
      const told = inbox<{ batch: Batch; retry_ms: number | null }>(signal);
      const got = inbox<Batch>(signal);
      const consumer = await consume({
        handle: async (batch) => {
          got.push(batch);
          if (batch.partition === bad) throw new Refused('no such thing');
        },
        onError: (_error, batch, retry_ms) => told.push({ batch, retry_ms }),
      });
      await told.until((items) => items.length > 0);
      const later = fresh(80);
      const laterPlaces = await log.append(topics.events, later, signal);
      const others = later.filter((_, at) => laterPlaces[at]?.partition !== bad);
      await got.until(
        (items) => only(others)(items.flatMap(({ records }) => records)).length === others.length,
      );
      await consumer.stop();

      expect(told.items).toEqual([expect.objectContaining({ retry_ms: null })]);
      expect(got.items.filter(({ partition }) => partition === bad)).toHaveLength(1);
      expect((await log.committed(group, topics.events, signal))[bad]).toBe(before[bad]);

      const mended = inbox<string>(signal);
      const mine = only(messages);
      await consume({
        handle: async ({ records }) => mine(records).forEach(({ key }) => void mended.push(key)),
      });
      await mended.until((keys) => keys.includes(messages[0]?.key as string));
    });

    test('a group goes on where it was committed', async () => {
      const { log, group, consume, signal } = await setUp();
      const [early, late] = [fresh(30), fresh(30)];
      await log.append(topics.events, early, signal);
      const first = await consume({ handle: async () => {} });
      await caughtUp(log, group, [topics.events], signal);
      await first.stop();

      await log.append(topics.events, late, signal);
      const got = inbox<LogRecord>(signal);
      await consume({ handle: async ({ records }) => records.forEach(got.push) });
      await got.until((items) => only(late)(items).length === 30);
      expect(only(early)(got.items)).toEqual([]);
    });

    test('to stop is to end the batch in hand, commit it and take no other', async () => {
      const { log, group, consume, signal } = await setUp();
      await log.append(
        topics.events,
        fresh(50, () => 'one'),
        signal,
      );
      const happened = inbox<string>(signal);
      const release = Promise.withResolvers<void>();
      onTestFinished(() => release.resolve());
      let inHand: Batch | undefined;
      const consumer = await consume({
        max_records: 1,
        handle: async (batch) => {
          inHand = batch;
          happened.push('began');
          await release.promise;
          happened.push('ended');
        },
      });
      await happened.until((items) => items.length === 1);
      const stopped = consumer.stop().then(() => happened.push('stopped'));
      expect(inHand?.signal.aborted).toBe(true);
      release.resolve();
      await stopped;
      expect(happened.items).toEqual(['began', 'ended', 'stopped']);
      const [record] = inHand?.records ?? [];
      const committed = await log.committed(group, topics.events, signal);
      expect(committed[inHand?.partition as number]).toBe((record as LogRecord).offset + 1);
    });

    test('members share the partitions out: each is handled by one at a time', async () => {
      const { log, group, consume, signal } = await setUp();
      const messages = fresh(400);
      const mine = only(messages);
      const got = inbox<string>(signal);
      const inHand = new Map<number, Batch>();
      const collisions: string[] = [];
      const handle = async (batch: Batch) => {
        const other = inHand.get(batch.partition);
        if (other && !other.isStale()) collisions.push(`${batch.partition}`);
        inHand.set(batch.partition, batch);
        await new Promise((resolve) => setImmediate(resolve));
        if (inHand.get(batch.partition) === batch) inHand.delete(batch.partition);
        for (const { key } of mine(batch.records)) got.push(key);
      };
      await Promise.all([1, 2, 3].map(() => consume({ max_records: 5, handle })));
      for (let at = 0; at < 400; at += 20)
        await log.append(topics.events, messages.slice(at, at + 20), signal);
      await caughtUp(log, group, [topics.events], signal);
      expect(new Set(got.items).size).toBe(400);
      expect(collisions).toEqual([]);
    });

    test('the next batch of a partition waits for the one in hand, whatever is appended', async () => {
      const { log, consume, signal } = await setUp();
      const messages = fresh(20, () => 'one');
      const mine = only(messages);
      const release = Promise.withResolvers<void>();
      onTestFinished(() => release.resolve());
      const got = inbox<string>(signal);
      let [inHand, most] = [0, 0];
      await consume({
        max_records: 1,
        handle: async ({ records }) => {
          if (mine(records).length === 0) return;
          most = Math.max(most, ++inHand);
          got.push(text(records[0] as LogRecord));
          await release.promise;
          inHand--;
        },
      });
      for (const message of messages) await log.append(topics.events, [message], signal);
      await got.until((items) => items.length > 0);
      expect(got.items).toEqual(['0']);
      release.resolve();
      await got.until((items) => items.length === 20);
      expect(got.items).toEqual(messages.map(text));
      expect(most).toBe(1);
    });

    test('a member that joins takes over partitions, and makes stale what the other has of them', async () => {
      const { log, signal } = await setUp();
      const messages = fresh(400);
      await log.append(topics.events, messages, signal);
      const partitions = (await log.ends(topics.events, signal)).length;

      /** Joins while a batch of that partition is in hand; whether the joining member has taken it over. */
      async function takenOver(held: number): Promise<boolean> {
        const group = `contract-${randomUUID()}`;
        const began = inbox<Batch>(signal);
        const done = Promise.withResolvers<void>();
        const joined = inbox<Batch>(signal);
        const options = { group, topics: [topics.events], max_records: 1_000, onError: () => {} };
        const first = await log.consume({
          ...options,
          handle: async (batch) => {
            if (batch.partition !== held || began.items.length > 0) return;
            began.push(batch);
            batch.signal.addEventListener('abort', () => done.resolve());
            await done.promise;
          },
        });
        await began.until((items) => items.length > 0);
        const second = await log.consume({ ...options, handle: async (batch) => joined.push(batch) });
        const more = log.append(topics.events, fresh(400), signal);
        await Promise.race([done.promise, joined.until((items) => items.length > 0)]);
        const [batch] = began.items as [Batch];
        const stale = batch.isStale();
        expect(batch.signal.aborted).toBe(stale);
        done.resolve();
        await more;
        await caughtUp(log, group, [topics.events], signal);
        const again = joined.items.find(({ partition }) => partition === held);
        if (again) expect(again.records[0]?.offset).toBe(batch.records[0]?.offset);
        await Promise.all([first.stop(), second.stop()]);
        return stale && again !== undefined;
      }

      const taken: boolean[] = [];
      for (let partition = 0; partition < partitions && !taken.includes(true); partition++) {
        taken.push(await takenOver(partition));
      }
      expect(taken).toContain(true);
    });

    test('the partitions of a member that leaves go to the others', async () => {
      const { log, group, consume, signal } = await setUp();
      const got = inbox<string>(signal);
      await consume({ handle: async ({ records }) => records.forEach(({ key }) => void got.push(key)) });
      const leaving = await consume({ handle: async () => {} });
      await log.append(topics.events, fresh(100), signal);
      await caughtUp(log, group, [topics.events], signal);
      await leaving.stop();
      const messages = fresh(100);
      await log.append(topics.events, messages, signal);
      await got.until((keys) => messages.every(({ key }) => keys.includes(key)));
    });

    test('a member gets only the topics it asked for', async () => {
      const { log, group, consume, signal } = await setUp();
      const messages = fresh(30);
      await log.append(topics.events, messages, signal);
      await log.append(topics.campaigns, messages, signal);
      const got: Batch[] = [];
      await consume({ topics: [topics.campaigns], handle: async (batch) => void got.push(batch) });
      await caughtUp(log, group, [topics.campaigns], signal);
      expect(new Set(got.map(({ topic }) => topic))).toEqual(new Set([topics.campaigns]));
      expect(sorted(got.flatMap(({ records }) => only(messages)(records)).map(text))).toEqual(
        sorted(messages.map(text)),
      );
    });

    test('what each partition starts with can be read there, and a new group is handed from there on', async () => {
      const { log, group, signal } = await setUp();
      await log.append(topics.events, fresh(40), signal);
      const [starts, ends] = [await log.starts(topics.events, signal), await log.ends(topics.events, signal)];
      expect(await log.committed(group, topics.events, signal)).toEqual(starts);
      expect(starts).toHaveLength(ends.length);
      for (const [partition, offset] of starts.entries()) {
        expect(offset).toBeLessThanOrEqual(ends[partition] as number);
        const [first] = await log.read({ topic: topics.events, partition, offset }, 1, signal);
        if (first) expect(first.offset).toBeGreaterThanOrEqual(offset);
      }
    });

    test('a group without members is moved to a place, forwards and back, and goes on there', async () => {
      const { log, group, consume, signal } = await setUp();
      const key = randomUUID();
      const messages = Array.from({ length: 10 }, (_, at) => ({ key, value: utf8.encode(`${at}`) }));
      const places = await log.append(topics.events, messages, signal);
      const place = (at: number) => places[at] as (typeof places)[number];
      const committed = async () => (await log.committed(group, topics.events, signal))[place(0).partition];
      for (const at of [6, 2]) {
        await log.moveTo(group, place(at), signal);
        expect(await committed()).toBe(place(at).offset);
        const got: string[] = [];
        const consumer = await consume({
          handle: async ({ records }) => void got.push(...records.filter((one) => one.key === key).map(text)),
        });
        await caughtUp(log, group, [topics.events], signal);
        await consumer.stop();
        expect(got).toEqual(messages.slice(at).map(text));
      }
    });

    test('a group with members is not moved', async () => {
      const { log, group, consume, signal } = await setUp();
      const [place] = await log.append(topics.events, fresh(1), signal);
      await consume({ handle: async () => {} });
      await caughtUp(log, group, [topics.events], signal);
      const before = await log.committed(group, topics.events, signal);
      const moving = log.moveTo(group, { ...(place as Place), offset: 0 }, signal);
      await expect(moving).rejects.toMatchObject({ code: 'log_unavailable' });
      expect(await log.committed(group, topics.events, signal)).toEqual(before);
    });

    test('what was acknowledged and committed is there after the log was closed and opened', async (context) => {
      const { log, group, consume, reopen, signal } = await setUp();
      if (!reopen) return context.skip();
      const messages = fresh(60);
      const places = await log.append(topics.events, messages, signal);
      await consume({ handle: async () => {} });
      await caughtUp(log, group, [topics.events], signal);
      const committed = await log.committed(group, topics.events, signal);

      const opened = await reopen();
      const read = await Promise.all(places.map((place) => opened.read(place, 1, signal)));
      expect(read.flat().map(({ key }) => key)).toEqual(messages.map(({ key }) => key));
      expect(await opened.committed(group, topics.events, signal)).toEqual(committed);
    });
  });
}
