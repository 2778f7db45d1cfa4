import { describe, expect, onTestFinished, test } from 'vitest';
import { embeddersOf, withLearnt } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { decodeTable, encodeTable } from '#backing/embedder/learnt/artifact.ts';
import { learntEmbedder } from '#backing/embedder/learnt/embedder.ts';
import { openTables } from '#backing/embedder/learnt/tables.ts';
import { train } from '#backing/embedder/learnt/train.ts';
import { FEWEST_PEOPLE } from '#backing/embedder/learnt/vocabulary.ts';
import type { Report } from '#backing/http/report.ts';
import type { Objects } from '#backing/objects/port.ts';
import { memoryObjects } from '../../support/memory-objects.ts';
import { corpus } from './corpus.ts';

const { signal } = new AbortController();
const CANARY = 'zanzibarcanary';

/** What is learnt of the corpus where so many people said the canary word, twenty times each. */
function learnt(people_with_canary: number) {
  const texts = corpus();
  const people = texts.map((_, at) => at % 50);
  for (let person = 0; person < people_with_canary; person++) {
    for (let i = 0; i < 20; i++) {
      texts.push(`a1x1 ${CANARY} a1x2`);
      people.push(person);
    }
  }
  const table = train({ texts, people, names: new Set(), seed: 1 });
  if (!table) throw new Error('Nothing was learnt');
  return table;
}
const table = learnt(0);

async function opened(objects: Objects, report: Report = () => {}) {
  const tables = await openTables(objects, { report, every_ms: 5 });
  onTestFinished(() => tables.close());
  return tables;
}

describe('what a tenant had learnt', () => {
  test('holds no word that fewer people used than may, however often they said it', () => {
    const held = (people: number) => Buffer.from(encodeTable(learnt(people), 'acme')).includes(CANARY);
    expect(held(1)).toBe(false);
    expect(held(FEWEST_PEOPLE - 1)).toBe(false);
    expect(held(FEWEST_PEOPLE)).toBe(true);
  });

  test('is the same after it was written and read, and no other may stand in its place', async () => {
    const { version, embed } = learntEmbedder(table, 'acme');
    const bytes = encodeTable(table, 'acme');
    const about = { tenant_id: 'acme', digest: version.digest };
    const read = decodeTable(bytes, about);
    expect(read.version).toEqual(version);
    expect(await read.embed(corpus().slice(0, 20), signal)).toEqual(
      await embed(corpus().slice(0, 20), signal),
    );
    for (const at of [0, 20, 60, bytes.length - 1]) {
      const other = bytes.slice();
      other[at] = (other[at] as number) ^ 1;
      expect(() => decodeTable(other, about)).toThrow('learn it anew');
    }
    for (const end of [0, 10, 30, bytes.length - 1])
      expect(() => decodeTable(bytes.slice(0, end), about)).toThrow('learn it anew');
    expect(() => decodeTable(bytes, { ...about, tenant_id: 'other' })).toThrow('learn it anew');
  });

  test('is another version for another tenant, even of the same texts', () => {
    expect(learntEmbedder(table, 'acme').version.id).not.toBe(learntEmbedder(table, 'other').version.id);
  });

  test('is known to every process soon, beside what is configured, until it is taken away', async () => {
    const { again } = memoryObjects();
    const [here, there] = [await opened(again()), await opened(again())];
    const embedders = withLearnt(embeddersOf(hashingEmbedder), there);
    const version = await here.add('acme', table, signal);
    expect(await here.add('acme', table, signal)).toEqual(version);
    await expect.poll(() => embedders.all.map((one) => one.tenant_id)).toEqual([undefined, 'acme']);
    const [vector] = (await embedders.of(version)?.embed(['a0x1 a0x2'], signal)) ?? [];
    expect(vector).toEqual((await learntEmbedder(table).embed(['a0x1 a0x2'], signal))[0]);
    await here.remove('acme', version, signal);
    await expect.poll(() => embedders.of(version)).toBeNull();
    expect(embedders.of(hashingEmbedder.version)).toBe(hashingEmbedder);
  });

  test('where it is broken or gone, is told and known no more, beside all others, until it is learnt anew', async () => {
    const { again } = memoryObjects();
    const writer = await opened(again());
    const [version, gone, other] = [
      await writer.add('acme', table, signal),
      await writer.add('gone', table, signal),
      await writer.add('other', table, signal),
    ];
    const objects = again();
    const [key] = (await objects.list({ prefix: 'learnt/t_acme/', after: '', max: 1 }, signal)).map(
      (one) => one.key,
    );
    await objects.put(key as string, Buffer.from('broken'), signal);
    const reported: object[] = [];
    const tables = await opened(objects, (line) => reported.push(line));
    const [broken, away] = [tables.of(version), tables.of(gone)];
    await objects.delete(`learnt/t_gone/${gone.dimension}-${gone.digest}`, signal);
    for (const embedder of [broken, away])
      await expect(embedder?.embed(['a0x1'], signal)).rejects.toMatchObject({ retryable: true });
    await expect.poll(() => tables.all().map((one) => one.tenant_id)).toEqual(['other']);
    expect(reported).toMatchObject([{ level: 'error', tenant_id: 'acme', error: { code: 'table_broken' } }]);
    expect(await tables.of(other)?.embed(['a0x1'], signal)).toHaveLength(1);
    await tables.add('acme', table, signal);
    expect(await tables.of(version)?.embed(['a0x1'], signal)).toHaveLength(1);
  });

  test('is read once for all who wait, and who gives up stops nobody else', async () => {
    const { again } = memoryObjects();
    const version = await (await opened(again())).add('acme', table, signal);
    const objects = again();
    let reads = 0;
    let let_go = () => {};
    const held = new Promise<void>((resolve) => {
      let_go = resolve;
    });
    const tables = await opened({
      ...objects,
      async get(...args) {
        reads++;
        await held;
        return objects.get(...args);
      },
    });
    const giving_up = new AbortController();
    const first = tables.of(version)?.embed(['a0x1'], giving_up.signal);
    const second = tables.of(version)?.embed(['a0x1'], signal);
    giving_up.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    let_go();
    expect(await second).toHaveLength(1);
    expect(reads).toBe(1);
  });
});
