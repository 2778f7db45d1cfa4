import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dependencyTimesHeader, originTimes } from '#contract/dependency-times.ts';

test('what the origin writes the edge tells, each dependency as one of the origin', () => {
  const header = dependencyTimesHeader(
    new Map([
      ['answers', 0.44],
      ['milvus_history', 150],
    ]),
  );
  expect(originTimes(header)).toEqual(['origin-answers;dur=0.4', 'origin-milvus_history;dur=150.0']);
  expect(originTimes(dependencyTimesHeader(new Map()))).toEqual([]);
  expect(originTimes(null)).toEqual([]);
});

test('whatever a header has, nothing is told but names with their times, and not many', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('a;dur=1', 'vectors;dur=2.5', ', ', 'A;dur=1', '\r\n'));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 80 }), (parts) => {
      const told = originTimes(parts.join(','));
      expect(told.length).toBeLessThanOrEqual(24);
      for (const one of told) expect(one).toMatch(/^origin-[a-z_]{1,32};dur=\d{1,6}(\.\d)?$/);
    }),
  );
});
