import { expect, test } from 'vitest';
import { DAY_MS, decayed, popularityOf as ofParts, trendOf } from '../../../origin/tenant/popularity.ts';

const at = Date.parse('2026-04-01T00:00:00Z');
const count = (campaign_id: string, day: string, more: object = {}) =>
  ({ campaign_id, day, type: 'click', locale: null, count: 1, ...more }) as const;

const popularityOf = (counts: Parameters<typeof decayed>[0], as_of_ms: number) => {
  const popularity = ofParts([decayed(counts, as_of_ms)], as_of_ms);
  return (campaign_id: string, locale: string | null) => popularity(locale)(campaign_id);
};

test('an engagement counts half after its half-life', () => {
  const popularity = popularityOf([count('new', '2026-04-01'), count('old', '2026-01-01')], at);
  const none = popularity('none', null);
  expect(popularity('old', null) - none).toBeCloseTo((popularity('new', null) - none) / 2, 6);
});

test('what lies ahead of the clock counts as now, not more', () => {
  const popularity = popularityOf([count('now', '2026-04-01'), count('ahead', '2027-04-01')], at);
  expect(popularity('ahead', null)).toBe(popularity('now', null));
});

test('a locale has its own popularity; one without counts has that of everywhere', () => {
  const counts = [
    count('a', '2026-04-01', { locale: 'de' }),
    count('b', '2026-04-01', { locale: 'en', count: 5 }),
  ];
  const popularity = popularityOf(counts, at);
  expect(popularity('a', 'de')).toBeGreaterThan(popularity('b', 'de'));
  expect(popularity('b', 'fr')).toBeGreaterThan(popularity('a', 'fr'));
});

test('all locales without counts have one popularity, however many are asked for', () => {
  const popularity = ofParts([decayed([count('a', '2026-04-01', { locale: 'de' })], at)], at);
  expect(popularity('de')).not.toBe(popularity(null));
  for (let i = 0; i < 100; i++) expect(popularity(`xx-${i}`)).toBe(popularity(null));
});

test('counts that were decayed before, beside others, come to what all of them come to now', () => {
  const [old, lately] = [
    [count('a', '2026-01-01', { count: 3, locale: 'de' }), count('b', '2026-02-01')],
    [count('a', '2026-03-31'), count('c', '2026-04-01', { locale: 'de', type: 'dismissal' })],
  ];
  const whole = popularityOf([...old, ...lately], at);
  const parts = ofParts([decayed(old, at - 40 * DAY_MS), decayed(lately, at)], at);
  for (const campaign_id of ['a', 'b', 'c', 'none'])
    for (const locale of [null, 'de', 'fr'])
      expect(parts(locale)(campaign_id)).toBeCloseTo(whole(campaign_id, locale), 12);
});

test('impressions raise nothing, dismissals lower, and nothing falls below what nobody met', () => {
  const counts = [
    count('seen', '2026-04-01', { type: 'impression', count: 100 }),
    count('loved', '2026-04-01', { count: 3 }),
    count('mixed', '2026-04-01', { count: 3 }),
    count('mixed', '2026-04-01', { type: 'dismissal', count: 2 }),
    count('unloved', '2026-04-01', { type: 'dismissal', count: 9 }),
  ];
  const popularity = popularityOf(counts, at);
  expect(popularity('seen', null)).toBe(popularity('never', null));
  expect(popularity('unloved', null)).toBe(popularity('never', null));
  expect(popularity('mixed', null)).toBeLessThan(popularity('loved', null));
});

test('what was met lately goes on the more the later it was, and what was dismissed as often does not', () => {
  const ten = (campaign_id: string, ten: string, type: 'click' | 'dismissal' = 'click') =>
    ({ campaign_id, ten, type, count: 2 }) as const;
  const trend = trendOf(
    [
      ...[ten('now', '2026-03-31T23:5'), ten('before', '2026-03-31T22:0')],
      ...[ten('unloved', '2026-03-31T23:5'), ten('unloved', '2026-03-31T23:5', 'dismissal')],
    ],
    at,
  );
  expect([...trend.keys()]).toEqual(['now', 'before']);
  expect(trend.get('now')).toBeGreaterThan(trend.get('before') as number);
  expect(trend.get('before')).toBeGreaterThan(0);
});
