import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { objectArchive } from '#backing/archive/in-objects.ts';
import type { Archivable, Archive } from '#backing/archive/port.ts';
import { archivable } from '#backing/archive/readable.ts';
import type { Objects } from '#backing/objects/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { campaignArb } from '../support/arbitraries.ts';
import { collect } from '../support/dump.ts';
import type { ArchiveSubject } from './archive.contract.ts';
import { all, clickOf, minute, offsetOf, rowsInObjects, rowsOf, user, whose } from './archive.records.ts';

const { signal } = new AbortController();
const ada = (at: number): Forgotten => ({ tenant_id: 'acme', user_id: 'ada', forgotten_at: minute(at) });

/** Takes so many writes, and none after that: as of a process that was killed. */
function dyingAfter(writes: number, real: Objects): Objects {
  let left = writes;
  const counted =
    <Args extends unknown[], T>(run: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      left-- > 0 ? run(...args) : Promise.reject(new Error('killed'));
  const [put, create, replace] = [counted(real.put), counted(real.create), counted(real.replace)];
  return { ...real, put, create, replace, delete: counted(real.delete) };
}

/** Writes to whichever objects are said at the moment. */
const forwarding = (to: () => Objects, real: Objects): Objects => ({
  ...real,
  put: (...args) => to().put(...args),
  create: (...args) => to().create(...args),
  replace: (...args) => to().replace(...args),
  delete: (...args) => to().delete(...args),
});

/** Nothing is old enough to go only for that. */
const SOON = { now_ms: 0 };

/** What every archive holds to when its entries are rewritten. */
export function archiveRewritingContract({ name, open, runs }: ArchiveSubject): void {
  describe(`the archive rewritten: ${name}`, () => {
    async function setUp(rows: readonly Archivable[] = [], each = 5) {
      const { objects, again } = await open();
      onTestFinished(() => objects.close());
      const archive = objectArchive(objects);
      const append = (to: Archive, records: readonly Archivable[]) =>
        to.append({ ...whose, from: records[0]?.record.offset ?? 0, records }, signal);
      for (let at = 0; at < rows.length; at += each) await append(archive, rows.slice(at, at + each));
      const offsets = async (of: Archive = archive) =>
        (await all(of.records(whose, signal))).map(({ offset }) => offset);
      const faults = () => all(archive.faults(signal));
      return { objects, again, archive, append, offsets, faults };
    }

    test('of a person who was forgotten no object holds what was accepted or occurred until then, and all else stays', async () => {
      const rows = rowsOf(30);
      // Accepted after ada was forgotten, though it occurred before.
      const late = clickOf('ada', 27, minute(2));
      const record = eventRecord({ tenant_id: 'acme', accepted_at: minute(27), event: late });
      rows[27] = archivable({ ...(rows[27] as Archivable).record, ...record });
      const { archive, objects, offsets, faults } = await setUp(rows);
      const kept = rows.filter((row) => user(row) !== 'ada' || (offsetOf(row) > 20 && offsetOf(row) !== 27));
      expect(await archive.forget([ada(20)], signal)).toMatchObject({ rows: 8 });
      expect(await offsets()).toEqual(kept.map(offsetOf));
      expect((await rowsInObjects(objects)).map(offsetOf).sort((a, b) => a - b)).toEqual(kept.map(offsetOf));
      expect(await faults()).toEqual([]);
      expect(await archive.forget([ada(20)], signal)).toEqual({ files: 0, rows: 0 });
    });

    test('what was covered stays covered: writers go on where they were, whatever they know', async () => {
      const rows = rowsOf(40);
      const { archive, again, append, offsets, faults } = await setUp(rows.slice(0, 30));
      const other = objectArchive(await again());
      expect(await append(other, rows.slice(25, 30))).toEqual({ written: 0, already: 5 });
      await archive.forget([ada(1_000)], signal);
      for (const writer of [other, objectArchive(await again()), archive]) {
        expect(await append(writer, rows.slice(5, 30))).toEqual({ written: 0, already: 25 });
      }
      expect(await append(other, rows.slice(29, 35))).toEqual({ written: 5, already: 1 });
      expect(await append(archive, rows.slice(35))).toEqual({ written: 5, already: 0 });
      const entries = await all(archive.entries(whose, signal));
      expect(entries.map(({ first_offset }) => first_offset)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
      expect(await offsets()).toEqual(
        rows.filter((row) => user(row) !== 'ada' || offsetOf(row) > 29).map(offsetOf),
      );
      expect(await faults()).toEqual([]);
    });

    test('records that were left out when they were written leave no hole', async () => {
      const rows = rowsOf(30);
      const { archive, offsets, faults } = await setUp();
      const kept = rows.filter((row) => user(row) === 'ben');
      for (const at of [0, 10, 20]) {
        const records = kept.filter((row) => offsetOf(row) >= at && offsetOf(row) < at + 10);
        const left_out = { records: 10 - records.length, next_offset: at + 10 };
        await archive.append({ ...whose, from: at, records, left_out }, signal);
      }
      await archive.append(
        { ...whose, from: 30, records: [], left_out: { records: 5, next_offset: 35 } },
        signal,
      );
      expect(await offsets()).toEqual(kept.map(offsetOf));
      expect((await all(archive.entries(whose, signal))).at(-1)?.next_offset).toBe(35);
      expect(await faults()).toEqual([]);
    });

    test('what cannot be read is forgotten by its key, and a campaign of the same name is not', async () => {
      const { archive, append, objects } = await setUp();
      const [row] = rowsOf(1) as [Archivable];
      const broken = archivable({ ...row.record, value: Uint8Array.of(1, 2, 3) });
      await append(archive, [broken, ...rowsOf(2).slice(1)]);
      const [campaign] = fc.sample(campaignArb, { numRuns: 1, seed: 1 });
      const record = campaignRecord({
        tenant_id: 'acme',
        accepted_at: minute(0),
        campaign_id: 'ada',
        campaign: campaign ?? null,
      });
      const at = { ...row.record, topic: topics.campaigns, ...record };
      await archive.append({ topic: at.topic, partition: 3, from: 0, records: [archivable(at)] }, signal);
      expect(await archive.forget([ada(5)], signal)).toEqual({ files: 1, rows: 1 });
      expect((await rowsInObjects(objects)).map(({ record }) => record.topic).sort()).toEqual([
        topics.campaigns,
        topics.events,
      ]);
    });

    test('two processes that forget at once end up as one does', async () => {
      const rows = rowsOf(60);
      const { archive, again, objects, offsets, faults } = await setUp(rows);
      const other = objectArchive(await again());
      const ben = { ...ada(1_000), user_id: 'ben' };
      const done = await Promise.all([
        archive.forget([ada(1_000)], signal),
        other.forget([ada(1_000), ben], signal),
      ]);
      expect(done[0].rows + done[1].rows).toBe(40);
      const kept = rows.filter((row) => user(row) === 'cyd').map(offsetOf);
      expect(await offsets()).toEqual(kept);
      expect((await rowsInObjects(objects)).map(offsetOf).sort((a, b) => a - b)).toEqual(kept);
      expect(await faults()).toEqual([]);
    });

    test('a read that was under way goes on, each record once, and gives nobody else any other', async () => {
      const rows = rowsOf(40);
      const { archive, again } = await setUp(rows);
      const reading = archive.records(whose, signal)[Symbol.asyncIterator]();
      const read: number[] = [];
      for (let at = 0; at < 7; at++) read.push((await reading.next()).value?.offset as number);
      await objectArchive(await again()).forget([ada(1_000)], signal);
      for (let next = await reading.next(); !next.done; next = await reading.next())
        read.push(next.value.offset);
      expect(read).toEqual(rows.filter((row) => user(row) !== 'ada' || offsetOf(row) < 10).map(offsetOf));
    });

    test('a file that a killed writer left goes with whoever it is of, once nothing can name it any more', async () => {
      const rows = rowsOf(20);
      const { objects, archive, append, again } = await setUp(rows.slice(0, 10));
      const killed = { ...(await again()), create: () => Promise.reject(new Error('killed')) };
      await expect(append(objectArchive(killed), rows.slice(10))).rejects.toThrow('killed');
      await expect(archive.forget([ada(1_000)], signal)).rejects.toMatchObject({
        code: 'archive_busy',
        retryable: true,
      });
      await append(archive, rows.slice(10));
      expect(await archive.forget([ada(1_000)], signal)).toMatchObject({ rows: 3 });
      const left = await rowsInObjects(objects);
      expect(left.map(offsetOf).sort((a, b) => a - b)).toEqual(
        rows.filter((row) => user(row) !== 'ada').map(offsetOf),
      );
    });

    test('stopped between any two writes, forgetting leaves all there is, and again it ends', async () => {
      const rows = rowsOf(6);
      const kept = rows.filter((row) => user(row) !== 'ada').map(offsetOf);
      let ended = false;
      for (let write = 0; !ended; write++) {
        const { objects, again, archive, offsets, faults } = await setUp(rows, 3);
        ended = await objectArchive(dyingAfter(write, await again()))
          .forget([ada(1_000)], signal)
          .then(
            () => true,
            () => false,
          );
        expect(await faults()).toEqual([]);
        expect((await offsets()).filter((offset) => kept.includes(offset))).toEqual(kept);
        await archive.forget([ada(1_000)], signal);
        expect(await offsets()).toEqual(kept);
        expect((await rowsInObjects(objects)).map(offsetOf).sort((a, b) => a - b)).toEqual(kept);
        expect(write).toBeLessThan(100);
      }
    });

    test('stopped between any two writes, compaction leaves all there is, and again it ends', async () => {
      const rows = rowsOf(6);
      let ended = false;
      for (let write = 0; !ended; write++) {
        const { objects, again, archive, offsets, faults } = await setUp(rows, 2);
        const dying = objectArchive(dyingAfter(write, await again()));
        ended = await dying.compact(SOON, signal).then(
          () => true,
          () => false,
        );
        expect(await faults()).toEqual([]);
        expect(await offsets()).toEqual(rows.map(offsetOf));
        await archive.compact(SOON, signal);
        expect(await all(archive.entries(whose, signal))).toHaveLength(1);
        expect(await rowsInObjects(objects)).toHaveLength(6);
        expect((await archive.contents(signal)).unnamed).toBe(0);
        expect(write).toBeLessThan(100);
      }
    });

    test('compaction makes few large files of many small ones, with every record, and then nothing more', async () => {
      const rows = rowsOf(60);
      const { archive, offsets, faults } = await setUp(rows, 2);
      const before = await collect(archive.dump());
      const done = await archive.compact(SOON, signal);
      expect(done).toEqual({ entries: 30, files: { before: 30, after: 2 }, left_over: 0 });
      expect(await archive.contents(signal)).toMatchObject({ entries: 1, files: 2, rows: 60, unnamed: 0 });
      expect(await offsets()).toEqual(rows.map(offsetOf));
      expect(await collect(archive.dump())).toEqual(before);
      expect(await faults()).toEqual([]);
      expect(await archive.compact(SOON, signal)).toMatchObject({ entries: 0, left_over: 0 });
    });

    test('no entry becomes larger than is large, and one of a quarter of it stays as it is', async () => {
      const rows = rowsOf(60);
      const { archive, offsets, faults } = await setUp(rows, 3);
      for (let time = 0; time < 3; time++)
        await archive.compact({ ...SOON, large: { rows: 13, bytes: 1e9, hours: 100 } }, signal);
      const entries = await all(archive.entries(whose, signal));
      expect(entries.map(({ first_offset }) => first_offset)).toEqual([0, 12, 24, 36, 48]);
      const hourly = { ...SOON, large: { rows: 1e9, bytes: 1e9, hours: 1 } };
      expect(await archive.compact(hourly, signal)).toMatchObject({ entries: 0 });
      expect(await offsets()).toEqual(rows.map(offsetOf));
      expect(await faults()).toEqual([]);
    });

    test('a writer that knows of no compaction goes on where the partition ends', async () => {
      const rows = rowsOf(60);
      const { objects, archive, again, append, offsets, faults } = await setUp();
      const late = objectArchive(await again());
      await append(late, rows.slice(0, 10));
      for (const at of [10, 20, 30]) await append(archive, rows.slice(at, at + 10));
      await archive.compact(SOON, signal);
      // What it creates has no other in its place any more, and yet says nothing.
      expect(await append(late, rows.slice(10, 45))).toEqual({ written: 5, already: 30 });
      expect(await append(archive, rows.slice(45))).toEqual({ written: 15, already: 0 });
      expect(await offsets()).toEqual(rows.map(offsetOf));
      expect(await faults()).toEqual([]);
      await archive.compact(SOON, signal);
      expect(await rowsInObjects(objects)).toHaveLength(60);
      expect(await offsets()).toEqual(rows.map(offsetOf));
    });

    test('what no entry names, and yet could, is taken away after a day', async () => {
      const rows = rowsOf(20);
      const { objects, archive, append, again } = await setUp(rows.slice(0, 10));
      const killed = { ...(await again()), create: () => Promise.reject(new Error('killed')) };
      await expect(append(objectArchive(killed), rows.slice(10))).rejects.toThrow('killed');
      expect(await archive.compact({ now_ms: Date.now() }, signal)).toMatchObject({ left_over: 0 });
      expect(await rowsInObjects(objects)).toHaveLength(20);
      const later = { now_ms: Date.now() + 2 * 86_400_000 };
      expect(await archive.compact(later, signal)).toMatchObject({ left_over: 1 });
      expect(await rowsInObjects(objects)).toHaveLength(10);
    });

    test('however appending, compacting, forgetting, reading and failing interleave: each record once, but for who was forgotten', async () => {
      const step = fc.record({
        what: fc.constantFrom('append', 'append', 'append', 'compact', 'forget', 'read'),
        who: fc.nat({ max: 2 }),
        back: fc.nat({ max: 8 }),
        take: fc.integer({ min: 1, max: 9 }),
        dies: fc.option(fc.nat({ max: 6 }), { nil: null }),
        beside: fc.constantFrom(null, 'append', 'read'),
      });
      const done = { died: 0, compacted: 0, forgotten: 0 };
      const property = fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const { objects, again, archive, append, offsets, faults } = await setUp();
        const rows = rowsOf(80);
        const stores = [objects, await again(), await again()];
        const large = { rows: 25, bytes: 1e9, hours: 100 };
        let reached = 0;
        const forgotten = new Set<string>();
        let dying: Objects | null = null;
        const processes = stores.map((real) => objectArchive(forwarding(() => dying ?? real, real)));
        const run = async ({ what, who, back, take }: (typeof steps)[number], process: Archive) => {
          if (what === 'append') {
            const from = Math.max(0, reached - back);
            const some = rows.slice(from, reached + take);
            if (some.length > 0) await append(process, some);
            reached = Math.max(reached, from + some.length);
          } else if (what === 'compact') {
            done.compacted += (await process.compact({ ...SOON, large }, signal)).entries;
          } else if (what === 'forget') {
            const user_id = ['ada', 'ben', 'cyd'][who] as string;
            forgotten.add(user_id);
            done.forgotten += (await process.forget([{ ...ada(1_000), user_id }], signal)).rows;
          } else {
            const read = await offsets(process);
            expect(read).toEqual(read.toSorted((a, b) => a - b));
            expect(new Set(read).size).toBe(read.length);
            const missing = rows.slice(0, read.at(-1) ?? 0).filter((row) => !read.includes(offsetOf(row)));
            for (const row of missing) expect(forgotten).toContain(user(row));
          }
        };
        for (const one of steps) {
          const { who, dies, beside } = one;
          dying = dies === null ? null : dyingAfter(dies, stores[who] as Objects);
          const running = [run(one, processes[who] as Archive)];
          if (beside) running.push(run({ ...one, what: beside }, processes[(who + 1) % 3] as Archive));
          for (const ended of await Promise.allSettled(running)) {
            if (ended.status === 'fulfilled') continue;
            done.died++;
            const { message, code } = ended.reason as { message: string; code?: string };
            if (message !== 'killed' && code !== 'archive_busy') throw ended.reason;
          }
          if (dying) processes[who] = objectArchive(stores[who] as Objects);
          dying = null;
        }
        await append(archive, rows);
        await archive.forget(
          [...forgotten].map((user_id) => ({ ...ada(1_000), user_id })),
          signal,
        );
        await archive.compact({ ...SOON, large }, signal);
        const kept = rows.filter((row) => !forgotten.has(user(row))).map(offsetOf);
        expect(await offsets()).toEqual(kept);
        expect((await rowsInObjects(objects)).map(offsetOf).sort((a, b) => a - b)).toEqual(kept);
        expect(await faults()).toEqual([]);
      });
      await fc.assert(property, { numRuns: runs });
      for (const count of Object.values(done)) expect(count).toBeGreaterThan(0);
    });
  });
}
