import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRecords } from '../../infra/local/files/records.ts';
import { type Line, splitLines } from '../../infra/local/files/split-lines.ts';
import { Mendable } from '../../infra/local/terminal/mendable.ts';
import { temporaryFolder } from '../support/folder.ts';

async function read(path: string): Promise<[number, string | null][]> {
  const all: Line[] = [];
  for await (const some of (await openRecords(path)).lines()) all.push(...some);
  return all.map(({ number, bytes }) => [number, bytes === null ? null : String(bytes)]);
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

describe('a file of records', () => {
  const text = '\ufeff{"a":1}\r\n\n  \t\n{"b":"ä"}\n{"c":3}';
  const lines = [
    [1, '{"a":1}\r'],
    [4, '{"b":"ä"}'],
    [5, '{"c":3}'],
  ];

  it('gives its lines with their numbers, blank ones counted and left out, plain as gzip', async () => {
    expect(await read(await file('plain', text))).toEqual(lines);
    expect(await read(await file('packed', gzipSync(text)))).toEqual(lines);
  });

  it('is read to its end where its gzip has several members', async () => {
    const members = Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":2}\n')]);
    expect(await read(await file('members.gz', members))).toHaveLength(2);
  });

  it('says how many lines hold something', async () => {
    expect((await openRecords(await file('plain', text))).count).toBe(3);
  });

  it('tells of a line longer than any record only its number', async () => {
    const long = `{"a":1}\n"${'x'.repeat(300 * 1024)}"\n{"c":3}\n`;
    expect(await read(await file('long', long))).toEqual([
      [1, '{"a":1}'],
      [2, null],
      [3, '{"c":3}'],
    ]);
  });

  it('is split the same, however its bytes arrive', async () => {
    const arrives = fc.record({
      lines: fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', '"', ' ', '\r'), maxLength: 8 })),
      cuts: fc.array(fc.nat({ max: 60 })),
      ends: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(arrives, async ({ lines, cuts, ends }) => {
        const whole = Buffer.from(lines.join('\n') + (ends ? '\n' : ''));
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const parts = at.slice(1).map((to, i) => whole.subarray(at[i], to));
        const given: [number, string | null][] = [];
        for await (const some of splitLines(stream(parts), 1000)) {
          given.push(...some.map(({ number, bytes }): [number, string | null] => [number, String(bytes)]));
        }
        const wanted = lines.flatMap((line, i) => (line.trim() === '' ? [] : [[i + 1, line]]));
        expect(given).toEqual(wanted);
      }),
    );
  });

  async function* stream(parts: Buffer[]) {
    yield* parts;
  }
});

describe('a file that cannot be read', () => {
  const whole = gzipSync(
    Array.from({ length: 2000 }, (_, i) => JSON.stringify({ i, x: Math.sin(i) })).join('\n'),
  );
  const damaged = Buffer.from(whole);
  damaged.fill(0x55, 200, 240);

  it.each<[string, string | Uint8Array, RegExp]>([
    ['cut short in the middle of its gzip', whole.subarray(0, whole.length / 2), /is cut short/],
    ['cut short in the last byte of its gzip', whole.subarray(0, -1), /is cut short/],
    ['damaged within its gzip', damaged, /is damaged/],
    ['empty', '', /is empty/],
    ['blank', '\n \n', /is empty/],
    ['a JSON array', '[{"a":1}]', /is a JSON array: write one object a line/],
    ['a zip archive', 'PK\x03\x04rest', /is a zip archive: unpack it/],
    ['no text', Uint8Array.of(1, 0, 2), /is not text/],
  ])('%s is told in a sentence before anything of it is given', async (_what, content, sentence) => {
    const opening = openRecords(await file('broken', content));
    await expect(opening).rejects.toThrow(sentence);
    await expect(opening).rejects.toBeInstanceOf(Mendable);
  });

  it('is told in a sentence where it is not there, or a folder', async () => {
    const folder = await temporaryFolder();
    await expect(openRecords(join(folder, 'none'))).rejects.toThrow(/is not there: check the path/);
    await expect(openRecords(folder)).rejects.toThrow(/is a folder/);
  });
});
