import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { objectArchive } from '#backing/archive/in-objects.ts';
import type { Archivable, Archive } from '#backing/archive/port.ts';
import type { LogRecord, Message } from '#backing/log/port.ts';
import { type Objects, ObjectsUnavailable } from '#backing/objects/port.ts';
import { campaignRecord, eventRecord, readCampaign, readEvent } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { campaignArb, eventArb } from '../support/arbitraries.ts';
import { collect } from '../support/dump.ts';
import { dumpContract } from './dump.contract.ts';

export type ArchiveSubject = {
  name: string;
  /** Objects that nobody else uses; `again` opens the same once more. */
  open(): Promise<{ objects: Objects; again(): Promise<Objects> | Objects }>;
  /** How often properties are tried. */
  runs: number;
};

const { signal } = new AbortController();
const ACCEPTED = [
  '2026-11-23T08:59:59.999Z',
  '2026-11-23T09:00:00.000Z',
  '2026-11-24T00:30:00.000Z',
] as const;

/** The records of a partition, as a log would give them, with what was read from them. */
function archivable(
  messages: readonly Message[],
  topic: string = topics.events,
  offsetOf = (at: number) => at,
): Archivable[] {
  return messages.map(({ key, value }, at) => {
    const offset = offsetOf(at);
    const record = { topic, partition: 3, offset, key, value, appended_ms: 1_795_000_000_123 + at };
    try {
      return { record, envelope: (topic === topics.campaigns ? readCampaign : readEvent)(value) };
    } catch {
      return { record, envelope: null };
    }
  });
}

const eventMessage = fc
  .tuple(eventArb, fc.constantFrom(...ACCEPTED))
  .map(([event, accepted_at]) => eventRecord({ tenant_id: 'acme', accepted_at, event }));
const marked = (message: Message) => ({
  ...message,
  value: Uint8Array.of(0xef, 0xbb, 0xbf, ...message.value),
});
const oddMessage = fc.oneof(
  eventMessage.map(marked),
  fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 20 }), value: fc.uint8Array({ maxLength: 40 }) }),
);
const campaignMessage = campaignArb.map((campaign) =>
  campaignRecord({
    tenant_id: 'acme',
    accepted_at: ACCEPTED[0],
    campaign_id: campaign.campaign_id,
    campaign,
  }),
);

const sampled = (count: number, seed = 1) => archivable(fc.sample(eventMessage, { numRuns: count, seed }));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

const plain = ({ value, ...record }: LogRecord) => ({
  ...record,
  value: Buffer.from(value).toString('base64'),
});
const offsetsOf = (rows: readonly Archivable[]) => rows.map(({ record }) => record.offset);

/** What every archive holds to, whichever objects it stands in. */
export function archiveContract({ name, open, runs }: ArchiveSubject): void {
  describe(`the archive: ${name}`, () => {
    async function setUp() {
      const { objects, again } = await open();
      onTestFinished(() => objects.close());
      const archive = objectArchive(objects);
      const whose = { topic: topics.events, partition: 3 };
      const append = (to: Archive, records: readonly Archivable[], from = records[0]?.record.offset ?? 0) =>
        to.append({ topic: records[0]?.record.topic ?? '', partition: 3, from, records }, signal);
      const records = async (stretch = {}) => all(archive.records({ ...whose, ...stretch }, signal));
      const offsets = async (stretch = {}) => (await records(stretch)).map(({ offset }) => offset);
      const faults = () => all(archive.faults(signal));
      const keys = async (prefix: string) =>
        (await objects.list({ prefix, after: '', max: 1000 }, signal)).map(({ key }) => key);
      return { objects, again, archive, whose, append, records, offsets, faults, keys };
    }

    test('records come back as they were: place, key, every byte, and when they were appended', async () => {
      const { archive, faults } = await setUp();
      let partition = 0;
      const property = fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: eventMessage }, { weight: 1, arbitrary: oddMessage })),
        fc.array(campaignMessage, { maxLength: 5 }),
        async (written, campaigns) => {
          partition++;
          for (const [topic, messages] of [
            [topics.imports, written],
            [topics.campaigns, campaigns],
          ] as const) {
            const rows = archivable(messages, topic).map((row) => ({
              ...row,
              record: { ...row.record, partition },
            }));
            await archive.append({ topic, partition, from: 0, records: rows }, signal);
            const read = await all(archive.records({ topic, partition }, signal));
            expect(read.map(plain)).toEqual(rows.map(({ record }) => plain(record)));
          }
        },
      );
      await fc.assert(property, { numRuns: runs });
      expect(await faults()).toEqual([]);
    });

    test('files stand by the hour of acceptance, and are seen by the manifest', async () => {
      const { append, archive, whose, keys } = await setUp();
      await append(archive, sampled(60));
      const files = (await all(archive.entries(whose, signal))).flatMap((entry) => entry.files);
      expect(files.map(({ key }) => key).sort()).toEqual(await keys('events/'));
      expect(files.map(({ key }) => key.split('/').slice(0, 3).join('/')).sort()).toEqual([
        'events/date=2026-11-23/hour=08',
        'events/date=2026-11-23/hour=09',
        'events/date=2026-11-24/hour=00',
      ]);
      expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(60);
      expect(await keys('manifest/')).toEqual([`manifest/events/00003/${'0'.repeat(20)}.json`]);
    });

    test('what is covered already, wholly or in part, is not written again', async () => {
      const { append, archive, offsets, keys, again } = await setUp();
      const rows = sampled(20);
      expect(await append(archive, rows.slice(0, 10))).toEqual({ written: 10, already: 0 });
      expect(await append(archive, rows.slice(2, 7))).toEqual({ written: 0, already: 5 });
      const files = await keys('events/');
      const another = objectArchive(await again());
      expect(await append(another, rows.slice(0, 10))).toEqual({ written: 0, already: 10 });
      expect(await keys('events/')).toEqual(files);
      expect(await append(another, rows.slice(4))).toEqual({ written: 10, already: 6 });
      expect(await append(archive, rows.slice(5))).toEqual({ written: 0, already: 15 });
      expect(await offsets()).toEqual(offsetsOf(rows));
    });

    test('an archive that is empty begins wherever the log does', async () => {
      const { append, archive, offsets, faults } = await setUp();
      const messages = fc.sample(eventMessage, { numRuns: 6, seed: 2 });
      await append(
        archive,
        archivable(messages, topics.events, (at) => 500 + at),
      );
      expect(await offsets()).toEqual([500, 501, 502, 503, 504, 505]);
      expect(await faults()).toEqual([]);
    });

    test('what would leave a hole is refused for good, and nothing of it is written', async () => {
      const { append, archive, offsets, keys, again } = await setUp();
      const rows = sampled(30);
      await append(archive, rows.slice(5, 15));
      const before = await keys('');
      for (const each of [archive, objectArchive(await again())]) {
        const gap = { code: 'archive_gap', retryable: false };
        await expect(append(each, rows.slice(16, 20))).rejects.toMatchObject(gap);
        await expect(append(each, rows.slice(4, 20))).rejects.toMatchObject(gap);
      }
      expect(await keys('')).toEqual(before);
      expect(await offsets()).toHaveLength(10);
    });

    test('a compacted log has holes of its own, and says from where its records are all there are', async () => {
      const { append, archive, offsets, faults } = await setUp();
      const messages = fc.sample(eventMessage, { numRuns: 9, seed: 3 });
      const rows = archivable(messages, topics.events, (at) => 10 * at + 7);
      await append(archive, rows.slice(0, 3), 0);
      await append(archive, rows.slice(3, 6), 28);
      await append(archive, rows.slice(2), 20);
      expect(await offsets()).toEqual(offsetsOf(rows));
      expect(await faults()).toEqual([]);
    });

    test('a stretch is read from one offset up to another', async () => {
      const { append, archive, offsets } = await setUp();
      const rows = sampled(40);
      for (let at = 0; at < 40; at += 8) await append(archive, rows.slice(at, at + 8));
      for (const [from, to] of [
        [0, 40],
        [0, 8],
        [8, 16],
        [5, 21],
        [39, 100],
        [40, 50],
        [12, 12],
      ] as const) {
        const wanted = offsetsOf(rows).filter((offset) => offset >= from && offset < to);
        expect(await offsets({ from, to })).toEqual(wanted);
      }
    });

    test('partitions are told, each once, those of a topic by number', async () => {
      const { archive } = await setUp();
      const [row] = sampled(1) as [Archivable];
      for (const [topic, partition] of [
        ['events.import', 0],
        ['events', 12],
        ['events', 2],
      ] as const) {
        const records = [{ ...row, record: { ...row.record, topic, partition } }];
        await archive.append({ topic, partition, from: 0, records }, signal);
      }
      expect(await all(archive.partitions(signal))).toEqual([
        { topic: 'events.import', partition: 0 },
        { topic: 'events', partition: 2 },
        { topic: 'events', partition: 12 },
      ]);
    });

    test('what is damaged, gone or there twice is found, and not read as if nothing were', async () => {
      const { append, archive, objects, whose, records, faults } = await setUp();
      const rows = sampled(20);
      await append(archive, rows.slice(0, 10));
      await append(archive, rows.slice(10));
      const [first, second] = await all(archive.entries(whose, signal));
      const file = first?.files[0] as NonNullable<typeof first>['files'][number];
      const whole = (await objects.get(file.key, signal))?.body as Uint8Array;
      expect(await faults()).toEqual([]);
      await objects.put(file.key, Uint8Array.from(whole).fill(1, 20, 30), signal);
      expect(await faults()).toHaveLength(1);
      await expect(records()).rejects.toMatchObject({ code: 'archive_damaged', retryable: false });
      await objects.delete(file.key, signal);
      expect(await faults()).toHaveLength(1);
      await objects.put(file.key, whole, signal);
      const entries = [0, 10].map((at) => `manifest/events/00003/${String(at).padStart(20, '0')}.json`);
      const doubled = JSON.stringify({ ...second, files: [...(second?.files ?? []), file] });
      await objects.put(entries[1] as string, new TextEncoder().encode(doubled), signal);
      expect(await faults()).toEqual([
        { key: entries[1], what: expect.stringContaining('stands there twice') },
      ]);
      await objects.delete(entries[0] as string, signal);
      expect((await faults())[0]?.what).toBe('begins at 10, not at 0');
      await expect(records()).rejects.toMatchObject({ code: 'archive_damaged' });
    });

    test('whatever write fails, before it is done or after, and whoever writes beside: every record stands there once', async () => {
      const step = fc.record({
        writer: fc.nat({ max: 2 }),
        back: fc.nat({ max: 6 }),
        take: fc.integer({ min: 1, max: 12 }),
        fault: fc.constantFrom('none', 'before', 'after'),
        at: fc.nat({ max: 3 }),
        forgets: fc.boolean(),
        beside: fc.boolean(),
      });
      let made = 0;
      const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { objects, again, offsets, faults } = await setUp();
        const rows = sampled(60, 5);
        let fault: { kind: string; in: number } | null = null;
        const failing = (real: Objects): Objects => {
          const write =
            <Args extends unknown[]>(run: (...args: Args) => Promise<string>) =>
            async (...args: Args) => {
              const kind = fault && fault.in-- === 0 ? fault.kind : 'none';
              if (kind !== 'none') made++;
              if (kind === 'before') throw new ObjectsUnavailable('made for a test');
              const etag = await run(...args);
              if (kind === 'after') throw new ObjectsUnavailable('made for a test');
              return etag;
            };
          return { ...real, put: write(real.put), create: write(real.create) };
        };
        const writers = [objects, await again(), await again()].map((real) => objectArchive(failing(real)));
        let reached = 0;
        const handOver = async (writer: number, back: number, take: number) => {
          const from = Math.max(0, reached - back);
          const slice = rows.slice(from, reached + take);
          if (slice.length === 0) return;
          await append(writers[writer] as Archive, slice);
          reached = Math.max(reached, from + slice.length);
        };
        const append = (to: Archive, records: readonly Archivable[]) =>
          to.append(
            { topic: topics.events, partition: 3, from: offsetsOf(records)[0] as number, records },
            signal,
          );
        for (const { writer, back, take, fault: kind, at, forgets, beside } of steps) {
          fault = kind === 'none' ? null : { kind, in: at };
          const writing = [handOver(writer, back, take)];
          if (beside) writing.push(handOver((writer + 1) % 3, back + 1, take + 2));
          for (const one of await Promise.allSettled(writing)) {
            if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'objects_unavailable' });
          }
          fault = null;
          if (forgets) writers[writer] = objectArchive(failing(await again()));
        }
        await handOver(0, 60, 60);
        expect(await offsets()).toEqual(offsetsOf(rows));
        expect(await faults()).toEqual([]);
      });
      await fc.assert(property, { numRuns: runs });
      expect(made).toBeGreaterThan(runs / 2);
    });

    test('a dump is of distinct events: where they stood, how often, and when accepted does not matter', async () => {
      const [one, other] = [await setUp(), await setUp()];
      const events = fc.sample(eventArb, { numRuns: 30, seed: 4 });
      const rowsOf = (accepted_at: string, some: typeof events) =>
        archivable(some.map((event) => eventRecord({ tenant_id: 'acme', accepted_at, event })));
      await one.append(one.archive, rowsOf(ACCEPTED[0], events));
      await other.append(other.archive, rowsOf(ACCEPTED[1], [...events.toReversed(), ...events]));
      const dump = await collect(one.archive.dump());
      expect(dump).toHaveLength(30);
      expect(await collect(other.archive.dump())).toEqual(dump);
    });

    test('a dump has the newest content of each campaign', async () => {
      const { archive, append } = await setUp();
      const [a, b] = fc
        .sample(campaignArb, { numRuns: 2, seed: 4 })
        .map((one) => ({ ...one, campaign_id: 'c-1' }));
      const contents = [a, b, null, b].map((campaign = null) =>
        campaignRecord({ tenant_id: 'acme', accepted_at: ACCEPTED[0], campaign_id: 'c-1', campaign }),
      );
      const rows = archivable(contents, topics.campaigns);
      await append(archive, rows.slice(0, 3));
      expect(await collect(archive.dump())).toEqual(['["campaign","acme","c-1"] null']);
      await append(archive, rows.slice(3));
      expect(await collect(archive.dump())).toEqual([`["campaign","acme","c-1"] ${JSON.stringify(b)}`]);
    });

    dumpContract(async () => {
      const { archive, append } = await setUp();
      const rows = sampled(100);
      let written = 0;
      return {
        dump: () => archive.dump(),
        async write() {
          await append(archive, rows.slice(written, written + 20));
          written += 20;
        },
      };
    });
  });
}
