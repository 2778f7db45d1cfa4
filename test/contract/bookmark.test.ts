import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64url } from '#contract/base64url.ts';
import { type Bookmark, bookmarkOf, decodeBookmark, encodeBookmark } from '#contract/bookmark.ts';

const offsetArb = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bookmarkArb: fc.Arbitrary<Bookmark> = fc.array(
  fc.tuple(fc.constantFrom('events', 'events.import', 'ünï'), fc.nat(511), offsetArb),
  { maxLength: 256 },
);

test('every bookmark comes back from its header as it was, and is safe in a header', () => {
  fc.assert(
    fc.property(bookmarkArb, (bookmark) => {
      const header = encodeBookmark(bookmark);
      expect(header).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeBookmark(header)).toEqual(bookmark);
    }),
  );
});

test('a bookmark holds the highest offset of each partition, in whatever order the places come', () => {
  const placeArb = fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(2), offset: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(placeArb), (places) => {
      const bookmark = bookmarkOf(places);
      for (const { topic, partition, offset } of places) {
        const held = bookmark.filter(([name, number]) => name === topic && number === partition);
        expect(held.length).toBe(1);
        expect(held[0]?.[2]).toBeGreaterThanOrEqual(offset);
      }
      for (const [topic, partition, offset] of bookmark)
        expect(places).toContainEqual({ topic, partition, offset });
    }),
  );
});

const encoded = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));

test.each([
  ['empty', ''],
  ['no base64url', '***'],
  ['cut off', encoded([['events', 1, 2]]).slice(0, -3)],
  ['no JSON', base64url(new TextEncoder().encode('{'))],
  ['no list', encoded({})],
  ['of other shapes', encoded([['events', 1]])],
  ['with an offset below zero', encoded([['events', 0, -1]])],
  ['with an offset past what is exact', encoded([['events', 0, 2 ** 53]])],
  ['with a part of a partition', encoded([['events', 0.5, 1]])],
  ['too long', encoded(Array.from({ length: 257 }, (_, at) => ['events', at, 1]))],
])('a header that is %s is no bookmark', (_, header) => {
  expect(decodeBookmark(header)).toBeNull();
});

test('any text at all is read without a failure', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (header) => {
      decodeBookmark(header);
    }),
  );
});
