import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { CampaignId, composite, Id, Locale, Tag, TenantId } from '#contract/ids.ts';
import { idArb } from '../support/arbitraries.ts';

describe('an id', () => {
  test('is every one of 1 to 128 printable ASCII characters but space, "/", "?", "#" and "%", and no other', () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      const allowed = code > 0x20 && code < 0x7f && !'/?#%.'.includes(character);
      expect(v.is(Id, character), `U+${code.toString(16)}`).toBe(allowed);
      expect(v.is(Id, `a${character}b`)).toBe(allowed || character === '.');
    }
    expect([1, 128, 129, 0].map((length) => v.is(Id, 'x'.repeat(length)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test.each(['.', '..', '', 'a\n', '\n', 7, null, ['a']])('is not %j', (id) => {
    expect(v.is(Id, id)).toBe(false);
  });

  test.each(['...', '.a', '|trey|', '__proto__', '"', 'back\\slash'])('may be %j', (id) => {
    expect(v.is(Id, id)).toBe(true);
  });

  test('comes back from a path as it was', () => {
    fc.assert(
      fc.property(idArb, (id) => {
        const { pathname } = new URL(`/v1/users/${encodeURIComponent(id)}/x`, 'https://e.test');
        expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', 'users', id, 'x']);
      }),
    );
  });
});

test('"popular" is a person, and no campaign', () => {
  expect([v.is(Id, 'popular'), v.is(CampaignId, 'popular'), v.is(CampaignId, 'Popular')]).toEqual([
    true,
    false,
    true,
  ]);
});

test.each([
  ['a', true],
  ['acme-2', true],
  ['-', true],
  ['x'.repeat(63), true],
  ['x'.repeat(64), false],
  ['', false],
  ['Acme', false],
  ['a_b', false],
  ['a.b', false],
  ['acme\n', false],
])('the tenant %j: %s', (tenant, allowed) => {
  expect(v.is(TenantId, tenant)).toBe(allowed);
});

test.each([
  ['en', true],
  ['pt-BR', true],
  ['zh-Hant-TW', true],
  ['e', false],
  ['en_US', false],
  ['en-', false],
  ['*', false],
])('the locale %j: %s', (locale, allowed) => {
  expect(v.is(Locale, locale)).toBe(allowed);
});

test.each([
  ['network', true],
  ['größe', true],
  ['👩🏽‍🚀', true],
  ['a b', false],
  ['a,b', false],
  ['', false],
  ['\ud800', false],
  ['x'.repeat(65), false],
])('the tag %j: %s', (tag, allowed) => {
  expect(v.is(Tag, tag)).toBe(allowed);
});

test('other parts never make the same key', () => {
  const partsArb = fc.array(fc.oneof(idArb, fc.string(), fc.integer(), fc.constant(null)), { maxLength: 4 });
  fc.assert(
    fc.property(partsArb, partsArb, (one, other) => {
      expect(composite(...one) === composite(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  expect(composite('a', 'b')).not.toBe(composite('a","b'));
  expect(composite('1')).not.toBe(composite(1));
  expect(composite('null')).not.toBe(composite(null));
});
