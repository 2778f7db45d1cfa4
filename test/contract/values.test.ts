import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { Instant, optional, text } from '#contract/values.ts';
import { textArb } from '../support/arbitraries.ts';

describe('a moment', () => {
  test.each([
    ['2026-11-01T10:00:00Z', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01T12:00:00+02:00', '2026-11-01T10:00:00.000Z'],
    ['2026-10-31T23:30:00.5-10:30', '2026-11-01T10:00:00.500Z'],
    ['2026-11-01T10:00:00.123999999Z', '2026-11-01T10:00:00.123Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000Z'],
  ])('%s is %s', (given, moment) => {
    expect(v.parse(Instant, given)).toBe(moment);
  });

  test.each([
    '2026-11-01',
    '2026-11-01T10:00:00',
    '2026-11-01 10:00:00Z',
    '2026-11-01T10:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:60:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567890Z',
    '+002026-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    ' 2026-11-01T10:00:00Z',
    '2026-11-01T10:00:00Z\n',
    'yesterday',
    '',
    1_800_000_000_000,
    null,
  ])('%j is none', (given) => {
    expect(v.is(Instant, given)).toBe(false);
  });

  test('is the same string for the same moment in any zone, and strings sort as moments do', () => {
    const msArb = fc.integer({
      min: Date.parse('0001-01-01T00:00:00Z'),
      max: Date.parse('9999-12-30T00:00:00Z'),
    });
    const inZone = (ms: number, minutes: number) => {
      const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
      const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      return `${local}${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
    };
    fc.assert(
      fc.property(msArb, msArb, fc.integer({ min: -1_000, max: 1_000 }), (one, other, minutes) => {
        const [a, b] = [
          v.parse(Instant, inZone(one, minutes)),
          v.parse(Instant, new Date(other).toISOString()),
        ];
        expect(Date.parse(a)).toBe(one);
        expect(a < b).toBe(one < other);
      }),
    );
  });
});

describe('text', () => {
  test('is counted in bytes of UTF-8', () => {
    const small = text(8);
    expect(
      ['12345678', '123456789', 'éééé', 'ééééé', '👍👍', '👍👍1', ''].map((given) => v.is(small, given)),
    ).toEqual([true, false, true, false, true, false, false]);
  });

  test('with a lone surrogate is none, wherever it stands', () => {
    for (const given of ['\ud800', 'a\udc00', '\udc00\ud800', '👍\ud83d'])
      expect(v.is(text(64), given)).toBe(false);
  });

  test('of any script comes back from UTF-8 as it was', () => {
    fc.assert(
      fc.property(textArb, (given) => {
        const bytes = new TextEncoder().encode(given);
        const kept = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) === given;
        expect(v.is(text(8192), given)).toBe(kept);
      }),
    );
  });
});

test('a field that may be missing or null is null then', () => {
  const schema = v.strictObject({ campaign_id: optional(v.string()) });
  expect([{}, { campaign_id: null }, { campaign_id: 'c' }].map((given) => v.parse(schema, given))).toEqual([
    { campaign_id: null },
    { campaign_id: null },
    { campaign_id: 'c' },
  ]);
});
