import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import { type EmbeddedLogOptions, openLog } from '#backing/log/embedded.ts';
import { murmur2, partitionOf } from '#backing/log/partition.ts';
import type { Batch, LogRecord, Message, Place } from '#backing/log/port.ts';
import { topics } from '#contract/topics.ts';
import { inbox } from '../../ports/log.inbox.ts';
import { temporaryFolder } from '../../support/folder.ts';

const { signal } = new AbortController();

function open(options: Partial<EmbeddedLogOptions> = {}) {
  const log = openLog({ file: ':memory:', ...options });
  onTestFinished(() => log.close());
  return log;
}

function messages(count: number, bytes = 10): Message[] {
  return Array.from({ length: count }, (_, at) => ({
    key: `key ${at}`,
    value: new Uint8Array(bytes).fill(at),
  }));
}

const onError = (error: unknown) => {
  throw error;
};

describe('places', () => {
  test('murmur2 gives what it gives in the tests of Kafka (UtilsTest.testMurmur2)', () => {
    const cases: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
      ['', 275646681],
    ];
    for (const [text, hash] of cases) expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
  });

  test('a key stands where the producer of Kafka puts it, a negative hash too', () => {
    expect(partitionOf('foobar', 10)).toBe(6);
    expect(partitionOf('foobar', 50)).toBe(16);
    expect(partitionOf('abc', 8)).toBe(479470107 % 8);
  });

  test('offsets of a partition are contiguous from 0, over appends, topics and reopenings', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const places: Place[] = [];
    for (let opening = 0; opening < 3; opening++) {
      const log = openLog({ file });
      places.push(...(await log.append(topics.events, messages(40), signal)));
      places.push(...(await log.append(topics.campaigns, messages(20), signal)));
      await log.close();
    }
    const offsets = new Map<string, number[]>();
    for (const { topic, partition, offset } of places) {
      const key = `${topic} ${partition}`;
      offsets.set(key, [...(offsets.get(key) ?? []), offset]);
    }
    expect(offsets.size).toBeGreaterThan(8);
    for (const list of offsets.values()) expect(list).toEqual(list.map((_, at) => at));
  });

  test('a log of an earlier build, which kept no spans, is read and goes on', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const db = new DatabaseSync(file);
    db.exec(`
      CREATE TABLE record (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, appended_ms INTEGER NOT NULL,
        key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (topic, partition, offset)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO record VALUES ('events', ${partitionOf('k', 8)}, 0, 7, 'k', x'01');`);
    db.close();
    const log = open({ file });
    const traceparent = `00-${'4b'.repeat(16)}-${'0f'.repeat(8)}-01`;
    const value = Uint8Array.of(2);
    const [place] = await log.append(topics.events, [{ key: 'k', value, traceparent }], signal);
    const records = await log.read({ ...(place as Place), offset: 0 }, 9, signal);
    expect(records.map((record) => [record.offset, record.value[0], record.traceparent])).toEqual([
      [0, 1, undefined],
      [1, 2, traceparent],
    ]);
  });

  test('a topic that the contract does not have is refused by name', async () => {
    const log = open();
    const unknown = expect.objectContaining({
      code: 'unknown_topic',
      message: expect.stringContaining('"evnets"'),
    });
    await expect(log.append('evnets', messages(1), signal)).rejects.toEqual(unknown);
    await expect(log.ends('evnets', signal)).rejects.toEqual(unknown);
    const options = { group: 'g', topics: ['evnets'], max_records: 1, handle: async () => {}, onError };
    await expect(log.consume(options)).rejects.toEqual(unknown);
  });
});

describe('appends', () => {
  test('those of one turn of the event loop share one transaction, and so one sync', async () => {
    const written: { appends: number; messages: number }[] = [];
    const log = open({ onWritten: (group) => written.push(group) });
    await Promise.all(Array.from({ length: 50 }, () => log.append(topics.events, messages(2), signal)));
    await log.append(topics.events, messages(3), signal);
    expect(written).toEqual([
      { appends: 50, messages: 100 },
      { appends: 1, messages: 3 },
    ]);
  });

  test('each is synced before it is acknowledged, also after progress was committed without', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const log = open({ file });
    const levels: unknown[] = [];
    const exec = DatabaseSync.prototype.exec;
    const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (sql === 'COMMIT') levels.push(this.prepare('PRAGMA synchronous').get()?.['synchronous']);
      exec.call(this, sql);
    });
    onTestFinished(() => spy.mockRestore());
    await log.consume({
      group: 'g',
      topics: [topics.events],
      max_records: 3,
      handle: async () => {},
      onError,
    });
    for (let round = 0; round < 3; round++) {
      await log.append(topics.events, messages(10), signal);
      await caughtUp(log, 'g', [topics.events], signal);
    }
    const FULL = 2;
    expect(levels).toEqual([FULL, FULL, FULL]);
  });

  test('a transaction takes no more than its share of a long queue, which keeps its order', async () => {
    const written: { appends: number }[] = [];
    const log = open({ group_bytes: 1_000, onWritten: (group) => written.push(group) });
    const message = { key: 'one', value: new Uint8Array(400) };
    const appends = Array.from({ length: 20 }, () => log.append(topics.events, [message], signal));
    const offsets = (await Promise.all(appends)).flat().map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.map((_, at) => at));
    expect(written.length).toBe(10);
  });

  test('an append is refused before more waits than may, and let in again once that is written', async () => {
    const log = open({ pending_bytes: 10_000 });
    const first = log.append(topics.events, messages(5, 1_000), signal);
    const refused = log.append(topics.events, messages(5, 1_000), signal);
    await expect(refused).rejects.toMatchObject({ code: 'log_overloaded', retryable: true });
    expect(await first).toHaveLength(5);
    expect(await log.append(topics.events, messages(5, 1_000), signal)).toHaveLength(5);
    expect((await log.ends(topics.events, signal)).reduce((sum, end) => sum + end)).toBe(10);
  });

  test('an append larger than what may wait is written, if nothing waits', async () => {
    const log = open({ pending_bytes: 1_000 });
    expect(await log.append(topics.events, messages(5, 1_000), signal)).toHaveLength(5);
  });

  test('an append aborted before it was written is taken out', async () => {
    const log = open();
    const controller = new AbortController();
    const kept = log.append(topics.events, messages(3), signal);
    const aborted = log.append(topics.events, messages(3), controller.signal);
    const reason = new Error('the caller has gone');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(await kept).toHaveLength(3);
    expect((await log.ends(topics.events, signal)).reduce((sum, end) => sum + end)).toBe(3);
  });

  test('a write that fails is told to all that shared it, and leaves nothing behind', async () => {
    const log = open();
    const bad = { key: 'bad', value: { byteLength: 1 } as Uint8Array };
    const appends = [
      log.append(topics.events, messages(3), signal),
      log.append(topics.events, [...messages(2), bad], signal),
    ];
    for (const result of await Promise.allSettled(appends)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'log_unavailable', retryable: true },
      });
    }
    expect(await log.ends(topics.events, signal)).toEqual(new Array(8).fill(0));
    const places = await log.append(topics.events, messages(3), signal);
    expect(places.every(({ offset }) => offset === 0 || offset === 1)).toBe(true);
  });

  test('closing writes what waits, and refuses what comes after', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const log = openLog({ file });
    const waiting = log.append(topics.events, messages(20), signal);
    await log.close();
    expect(await waiting).toHaveLength(20);
    await expect(log.append(topics.events, messages(1), signal)).rejects.toMatchObject({
      code: 'log_unavailable',
    });
    const ends = await open({ file }).ends(topics.events, signal);
    expect(ends.reduce((sum, end) => sum + end)).toBe(20);
  });

  test('a batch in hand may still append while the log is closed', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const log = openLog({ file });
    await log.append(topics.events, messages(1), signal);
    const began = inbox<Batch>(signal);
    const release = Promise.withResolvers<void>();
    await log.consume({
      group: 'g',
      topics: [topics.events],
      max_records: 1,
      onError,
      async handle(batch) {
        began.push(batch);
        await release.promise;
        await log.append(topics.deadLetters, messages(1), signal);
      },
    });
    await began.until((items) => items.length === 1);
    const closed = log.close();
    release.resolve();
    await closed;
    const again = open({ file });
    expect((await again.ends(topics.deadLetters, signal)).reduce((sum, end) => sum + end)).toBe(1);
    expect((await again.committed('g', topics.events, signal)).reduce((sum, end) => sum + end)).toBe(1);
  });
});

describe('kill -9', () => {
  test('loses nothing that was acknowledged, and no offset that was committed', async () => {
    const file = join(await temporaryFolder(), 'log.db');
    const acknowledged: { name: string; place: Place }[] = [];
    const handed = new Map<number, number>();
    for (let life = 1; life <= 3; life++) {
      const script = fileURLToPath(new URL('./until-killed.child.ts', import.meta.url));
      const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface(child.stdout);
      for await (const [text] of on(lines, 'line', { close: ['close'] })) {
        const line = JSON.parse(text);
        if (line.place) acknowledged.push(line);
        else handed.set(line.partition, Math.max(line.committed, handed.get(line.partition) ?? 0));
        if (acknowledged.length === 200 * life) child.kill('SIGKILL');
      }
    }
    const log = open({ file });
    expect(acknowledged.length).toBeGreaterThanOrEqual(600);
    for (const { name, place } of acknowledged) {
      const [record] = await log.read(place, 1, signal);
      expect(record).toMatchObject({ ...place, key: name });
      expect(new TextDecoder().decode(record?.value)).toBe(name.repeat(50));
    }
    const committed = await log.committed('reader', topics.events, signal);
    const ends = await log.ends(topics.events, signal);
    expect(handed.size).toBeGreaterThan(0);
    for (const [partition, offset] of handed) {
      expect(committed[partition]).toBeGreaterThanOrEqual(offset);
      expect(committed[partition]).toBeLessThanOrEqual(ends[partition] as number);
    }
  });
});

describe('groups', () => {
  test('a member takes turns among its partitions', async () => {
    const log = open();
    await log.append(topics.events, messages(400), signal);
    const order: number[] = [];
    await log.consume({
      group: 'g',
      topics: [topics.events],
      max_records: 5,
      handle: async ({ partition }) => void order.push(partition),
      onError,
    });
    await caughtUp(log, 'g', [topics.events], signal);
    expect(order.slice(0, 24)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  test('members of equal topics have equal partitions of each, and so the same keys', async () => {
    const log = open();
    const had = [1, 2, 3].map(() => new Map<string, Set<number>>());
    for (const partitions of had) {
      await log.consume({
        group: 'g',
        topics: [topics.events, topics.imports],
        max_records: 100,
        handle: async ({ topic, partition }) => {
          partitions.set(topic, (partitions.get(topic) ?? new Set()).add(partition));
        },
        onError,
      });
    }
    await log.append(topics.events, messages(100), signal);
    await log.append(topics.imports, messages(100), signal);
    await caughtUp(log, 'g', [topics.events, topics.imports], signal);
    expect(had.map((partitions) => [...(partitions.get(topics.events) ?? [])].sort())).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ]);
    for (const partitions of had)
      expect(partitions.get(topics.imports)).toEqual(partitions.get(topics.events));
  });

  test('members that read different topics get all partitions of theirs', async () => {
    const log = open();
    const had: Place[][] = [[], []];
    for (const [member, topic] of [topics.events, topics.campaigns].entries()) {
      const handle = async ({ records }: Batch) => void had[member]?.push(...records);
      await log.consume({ group: 'g', topics: [topic], max_records: 100, handle, onError });
    }
    await log.append(topics.events, messages(100), signal);
    await log.append(topics.campaigns, messages(50), signal);
    await caughtUp(log, 'g', [topics.events, topics.campaigns], signal);
    expect(had.map((places) => new Set(places.map(({ topic }) => topic)))).toEqual([
      new Set([topics.events]),
      new Set([topics.campaigns]),
    ]);
    expect(had.map(({ length }) => length)).toEqual([100, 50]);
  });

  test('a group has caught up only once it has in every topic', async () => {
    const log = open();
    await log.append(topics.events, messages(10), signal);
    await log.append(topics.campaigns, messages(1), signal);
    const release = Promise.withResolvers<void>();
    const common = { group: 'g', max_records: 100, onError };
    await log.consume({ ...common, topics: [topics.events], handle: async () => {} });
    await log.consume({ ...common, topics: [topics.campaigns], handle: () => release.promise });
    await caughtUp(log, 'g', [topics.events], signal);
    let resolved = false;
    const both = caughtUp(log, 'g', [topics.events, topics.campaigns], signal).then(() => {
      resolved = true;
    });
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(resolved).toBe(false);
    release.resolve();
    await both;
  });

  test('a batch that has become stale commits nothing, and what it threw is told', async () => {
    const log = open();
    const places = await log.append(topics.events, messages(100), signal);
    const [began, told] = [inbox<Batch>(signal), inbox<[unknown, Batch, number | null]>(signal)];
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const options = { group: 'g', topics: [topics.events], max_records: 100 };
    const hold = async (batch: Batch) => {
      began.push(batch);
      if (batch.partition === 7)
        await ends[began.items.filter(({ partition }) => partition === 7).length - 1]?.promise;
    };
    const tell = (...what: [unknown, Batch, number | null]) => told.push(what);
    await log.consume({ ...options, handle: hold, onError: tell });
    await began.until((items) => items.some(({ partition }) => partition === 7));
    await log.consume({ ...options, handle: hold, onError: tell });
    await began.until((items) => items.filter(({ partition }) => partition === 7).length === 2);
    const [zombie, successor] = began.items.filter(({ partition }) => partition === 7) as [Batch, Batch];
    expect([zombie.isStale(), zombie.signal.aborted]).toEqual([true, true]);
    expect([successor.isStale(), successor.signal.aborted]).toEqual([false, false]);
    expect(successor.records).toEqual(zombie.records);
    const failure = new Error('the zombie failed');
    ends[0]?.reject(failure);
    await told.until((items) => items.length === 1);
    expect(told.items).toEqual([[failure, zombie, 0]]);
    expect((await log.committed('g', topics.events, signal))[7]).toBe(0);
    ends[1]?.resolve();
    await caughtUp(log, 'g', [topics.events], signal);
    expect((await log.committed('g', topics.events, signal))[7]).toBe(
      places.filter(({ partition }) => partition === 7).length,
    );
  });

  test('the wait grows from attempt to attempt to its limit, half of it at random', async () => {
    const waits: number[] = [];
    const backoff = {
      random: () => 0.5,
      after(ms: number, run: () => void) {
        waits.push(ms);
        setImmediate(run);
        return () => {};
      },
    };
    const log = open({ backoff });
    await log.append(topics.events, messages(1), signal);
    const told: (number | null)[] = [];
    await log.consume({
      group: 'g',
      topics: [topics.events],
      max_records: 1,
      async handle({ attempt }) {
        if (attempt < 10) throw new Error('not yet');
      },
      onError: (_error, _batch, retry_ms) => void told.push(retry_ms),
    });
    await caughtUp(log, 'g', [topics.events], signal);
    expect(waits).toEqual([75, 150, 300, 600, 1200, 2400, 4800, 7500, 7500]);
    expect(told).toEqual(waits);
  });

  test('a handler that throws before it awaits anything is retried like any other', async () => {
    const log = open({ backoff: { base_ms: 1 } });
    await log.append(topics.events, messages(1), signal);
    let calls = 0;
    await log.consume({
      group: 'g',
      topics: [topics.events],
      max_records: 1,
      handle() {
        if (++calls < 3) throw new Error('at once');
        return Promise.resolve();
      },
      onError() {},
    });
    await caughtUp(log, 'g', [topics.events], signal);
    expect(calls).toBe(3);
  });

  test('the event loop has its turn between batches', async () => {
    const log = open();
    await log.append(topics.events, messages(400), signal);
    let [turns, batches] = [0, 0];
    const count = () => {
      turns++;
      ticking = setImmediate(count);
    };
    let ticking = setImmediate(count);
    onTestFinished(() => clearImmediate(ticking));
    const handle = async () => void batches++;
    await log.consume({ group: 'g', topics: [topics.events], max_records: 2, handle, onError });
    await caughtUp(log, 'g', [topics.events], signal);
    expect(batches).toBeGreaterThanOrEqual(200);
    expect(turns).toBeGreaterThanOrEqual(batches);
  });
});

describe('chaos', () => {
  type Handed = { member: number; partition: number; offsets: number[]; stale: boolean };

  /** Everything that two members are handed of 400 records under a seed. */
  async function run(seed: number, actions: number, members = 2) {
    const log = openLog({ file: ':memory:', chaos: { seed, actions } });
    const places = await log.append(topics.events, messages(400), signal);
    const handed: Handed[] = [];
    for (let member = 0; member < members; member++) {
      await log.consume({
        group: 'g',
        topics: [topics.events],
        max_records: 50,
        async handle(batch) {
          const entry: Handed = {
            member,
            partition: batch.partition,
            offsets: batch.records.map(({ offset }: LogRecord) => offset),
            stale: false,
          };
          handed.push(entry);
          for (let turn = 0; turn < 4; turn++) await null;
          entry.stale = batch.isStale();
        },
        onError,
      });
    }
    await caughtUp(log, 'g', [topics.events], signal);
    const ends = await log.ends(topics.events, signal);
    expect(await log.committed('g', topics.events, signal)).toEqual(ends);
    await log.close();
    return { handed, places, ends };
  }

  test('the same seed makes the same decisions, and another seed others', async () => {
    const [one, again, other] = [await run(7, 60), await run(7, 60), await run(8, 60)];
    expect(again.handed).toEqual(one.handed);
    expect(other.handed).not.toEqual(one.handed);
  });

  test('it ends, and everything has been handed over, whatever the seed and the members', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const { handed, places } = await run(seed, 80, 1 + (seed % 4));
      const seen = new Set(
        handed.flatMap(({ partition, offsets }) => offsets.map((offset) => `${partition} ${offset}`)),
      );
      expect(seen.size).toBe(places.length);
    }
  });

  test('once its actions are spent, batches are full and nothing comes again', async () => {
    const { handed, ends } = await run(3, 5, 1);
    const rest = handed.slice(5);
    expect(rest.length).toBeGreaterThan(0);
    for (const { partition, offsets } of rest) {
      expect(offsets.length === 50 || offsets.at(-1) === (ends[partition] as number) - 1).toBe(true);
    }
    const seen = rest.flatMap(({ partition, offsets }) => offsets.map((offset) => `${partition} ${offset}`));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('it redelivers from earlier on, interleaves partitions, cuts batches and takes partitions away', async () => {
    const { handed, ends } = await run(3, 80);
    const positions = new Map<number, number>();
    let rewinds = 0;
    for (const { partition, offsets } of handed) {
      const first = offsets[0] as number;
      if (first < (positions.get(partition) ?? 0)) rewinds++;
      positions.set(partition, (offsets.at(-1) as number) + 1);
    }
    expect(rewinds).toBeGreaterThan(5);
    expect(new Set(handed.map(({ offsets }) => offsets.length)).size).toBeGreaterThan(5);
    expect(handed.some(({ stale }) => stale)).toBe(true);
    const members = ends.map(
      (_, p) => new Set(handed.filter(({ partition }) => partition === p).map((h) => h.member)),
    );
    expect(members.filter(({ size }) => size === 2).length).toBeGreaterThan(2);
    const turns = handed.slice(0, 30).map(({ partition }) => partition);
    expect(turns).not.toEqual([...turns].sort());
  });

  test('within a batch, and from one to the next where nothing was rewound, a partition keeps its order', async () => {
    const { handed } = await run(5, 80);
    for (const { offsets } of handed)
      expect(offsets).toEqual(offsets.map((_, at) => (offsets[0] as number) + at));
    const reached = new Map<number, number>();
    for (const { partition, offsets } of handed) {
      expect(offsets[0]).toBeLessThanOrEqual(reached.get(partition) ?? 0);
      reached.set(partition, Math.max(reached.get(partition) ?? 0, (offsets.at(-1) as number) + 1));
    }
  });

  test('a batch taken away runs on beside the one that its successor has in hand', async () => {
    const log = open({ chaos: { seed: 1, actions: 100 } });
    await log.append(topics.events, messages(200), signal);
    const running = new Map<number, number>();
    let together = 0;
    const handle = async ({ partition }: Batch) => {
      running.set(partition, (running.get(partition) ?? 0) + 1);
      if ((running.get(partition) ?? 0) > 1) together++;
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      running.set(partition, (running.get(partition) ?? 0) - 1);
    };
    for (let member = 0; member < 3; member++) {
      await log.consume({ group: 'g', topics: [topics.events], max_records: 50, handle, onError });
    }
    await caughtUp(log, 'g', [topics.events], signal);
    expect(together).toBeGreaterThan(0);
  });
});
