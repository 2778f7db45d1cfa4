import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { objectArchive } from '#backing/archive/in-objects.ts';
import { decode } from '#backing/archive/parquet.ts';
import type { Archivable, Archive } from '#backing/archive/port.ts';
import { archivable } from '#backing/archive/readable.ts';
import { listAll, type Objects } from '#backing/objects/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { topics } from '#contract/topics.ts';
import { campaignArb } from '../support/arbitraries.ts';
import type { ArchiveSubject } from './archive.contract.ts';

const { signal } = new AbortController();
const whose = { topic: topics.events, partition: 3 };

/** When events are accepted, one a minute; they occurred just before. */
const minute = (at: number) => new Date(Date.parse('2026-11-23T08:30:00.000Z') + 60_000 * at).toISOString();

const clickOf = (user_id: string, at: number, occurred_at: string): Event =>
  v.parse(Event, { type: 'click', message_id: `m-${at}`, user_id, campaign_id: 'c-1', occurred_at });

/** So many events of these people in turn, as a log would give them. */
function rowsOf(count: number, people: readonly string[] = ['ada', 'ben', 'cyd']): Archivable[] {
  return Array.from({ length: count }, (_, offset) => {
    const user_id = people[offset % people.length] as string;
    const event = clickOf(user_id, offset, minute(offset));
    const message = eventRecord({ tenant_id: 'acme', accepted_at: minute(offset), event });
    return archivable({ ...whose, offset, appended_ms: Date.parse(minute(offset)), ...message });
  });
}

const user = ({ record }: Archivable) => (JSON.parse(record.key) as string[])[1] as string;
const offsetOf = ({ record }: Archivable) => record.offset;

const ada = (at: number): Forgotten => ({ tenant_id: 'acme', user_id: 'ada', forgotten_at: minute(at) });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** Every row of every file there is, whether the manifest names it or not. */
async function rowsInObjects(objects: Objects): Promise<Archivable[]> {
  const found: Archivable[] = [];
  for await (const { key } of listAll(objects, '', signal)) {
    const object = key.endsWith('.parquet') ? await objects.get(key, signal) : null;
    for await (const records of object ? decode(key, object.body) : [])
      found.push(...records.map(archivable));
  }
  return found;
}

/** What every archive holds to when its entries are rewritten. */
export function archiveRewritingContract({ name, open }: ArchiveSubject): void {
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
        let left = write;
        const counted =
          <Args extends unknown[], T>(run: (...args: Args) => Promise<T>) =>
          (...args: Args) =>
            left-- > 0 ? run(...args) : Promise.reject(new Error('killed'));
        const real = await again();
        const { put, create, replace } = real;
        const dying = {
          ...real,
          put: counted(put),
          create: counted(create),
          replace: counted(replace),
          delete: counted(real.delete),
        };
        ended = await objectArchive(dying)
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
  });
}
