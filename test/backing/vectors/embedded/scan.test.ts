import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import openWabt from 'wabt';
import { openArena } from '#backing/vectors/embedded/arena.ts';

const byte = fc.integer({ min: -127, max: 127 });
const word = fc.integer({ min: -32_767, max: 32_767 });

test('the kernel scores rows as a plain sum does, and tells those that score enough', () => {
  const asked = fc
    .tuple(fc.constantFrom(32, 64, 256), fc.integer({ min: 0, max: 20 }))
    .chain(([width, count]) =>
      fc.record({
        width: fc.constant(width),
        rows: fc.array(fc.array(byte, { minLength: width, maxLength: width }), {
          minLength: count,
          maxLength: count,
        }),
        norms: fc.array(fc.float({ min: 0, max: 2, noNaN: true }), { minLength: count, maxLength: count }),
        question: fc.array(word, { minLength: width, maxLength: width }),
        rank: fc.integer({ min: 0, max: count }),
      }),
    );
  fc.assert(
    fc.property(asked, ({ width, rows, norms, question, rank }) => {
      const arena = openArena();
      const at = {
        rows: arena.allocate(rows.length * width),
        norms: arena.allocate(rows.length * 4),
        question: arena.allocate(width * 2),
        hits: arena.allocate(rows.length * 8),
      };
      const { buffer } = arena.bytes();
      rows.forEach((row, i) => {
        arena.bytes().set(row, at.rows + i * width);
      });
      new Float32Array(buffer, at.norms, norms.length).set(norms);
      new Int16Array(buffer, at.question, width).set(question);

      const scores = rows.map((row, i) => {
        const sum = row.reduce((sum, x, j) => sum + x * (question[j] as number), 0);
        return Math.fround(Math.fround(sum) * (norms[i] as number));
      });
      const least = scores.toSorted((a, b) => b - a)[rank] ?? Number.NEGATIVE_INFINITY;
      const found = arena.scan(at.rows, at.norms, rows.length, width, at.question, least, at.hits);
      const hits = Array.from({ length: found }, (_, i) => [
        new Int32Array(buffer, at.hits + i * 8, 1)[0],
        new Float32Array(buffer, at.hits + i * 8 + 4, 1)[0],
      ]);
      expect(hits).toEqual(scores.flatMap((score, i) => (score >= least ? [[i, score]] : [])));
    }),
  );
});

test('regions that are released are used again, and none overlaps another', () => {
  const step = fc.oneof(
    fc.record({ size: fc.integer({ min: 1, max: 100_000 }) }),
    fc.record({ release: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const arena = openArena();
      const held: { at: number; size: number; mark: number }[] = [];
      steps.forEach((step, mark) => {
        if ('size' in step) {
          const at = arena.allocate(step.size);
          expect(at % 16).toBe(0);
          arena.bytes().fill(mark, at, at + step.size);
          held.push({ at, size: step.size, mark });
        } else if (held.length > 0) {
          const [gone] = held.splice(step.release % held.length, 1);
          if (gone) arena.release(gone.at, gone.size);
        }
      });
      for (const { at, size, mark } of held)
        expect(
          arena
            .bytes()
            .subarray(at, at + size)
            .every((byte) => byte === mark),
        ).toBe(true);
      const once = arena.allocate(70_000);
      arena.release(once, 70_000);
      expect(arena.allocate(66_000)).toBe(once);
    }),
  );
});

test('the kernel that Node runs is what its text says', async () => {
  const folder = new URL('../../../../backing/vectors/embedded/', import.meta.url);
  const { parseWat } = await openWabt();
  const made = parseWat('scan.wat', await readFile(new URL('scan.wat', folder), 'utf8'), { simd: true });
  const { buffer } = made.toBinary({});
  made.destroy();
  expect(Buffer.compare(buffer, await readFile(new URL('scan.wasm', folder)))).toBe(0);
});
