import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import openWabt from 'wabt';
import { dotsWith } from '../../../origin/patterns/dots.ts';

const vectors = (width: number, count: number) =>
  fc
    .array(fc.integer({ min: -100, max: 100 }), { minLength: width * count, maxLength: width * count })
    .map((components) => Float32Array.from(components));

test('the kernel multiplies each row as a plain sum does, at any width, however often it is asked', () => {
  const asked = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 3 }))
    .chain(([width, rows, asks]) =>
      fc.record({ width: fc.constant(width), rows: vectors(width, rows), asked: vectors(width, asks) }),
    );
  fc.assert(
    fc.property(asked, ({ width, rows, asked }) => {
      const dots = dotsWith(rows, width);
      for (let at = 0; at < asked.length; at += width) {
        const plain: number[] = [];
        for (let row = 0; row < rows.length; row += width) {
          let sum = 0;
          for (let i = 0; i < width; i++) sum += (rows[row + i] as number) * (asked[at + i] as number);
          plain.push(sum);
        }
        // Whole numbers this small are exact in whatever order they are added.
        expect([...dots(asked, at)].map((x) => x + 0)).toEqual(plain.map((x) => x + 0));
      }
    }),
  );
});

test('the kernel that Node runs is what its text says', async () => {
  const folder = new URL('../../../origin/patterns/', import.meta.url);
  const { parseWat } = await openWabt();
  const made = parseWat('dots.wat', await readFile(new URL('dots.wat', folder), 'utf8'), { simd: true });
  const { buffer } = made.toBinary({});
  made.destroy();
  expect(Buffer.compare(buffer, await readFile(new URL('dots.wasm', folder)))).toBe(0);
});
