import { expect, test } from 'vitest';
import type { Event } from '#contract/event.ts';
import { knownFrom } from '../../../infra/local/quality/known-from.ts';

const at = (minute: number) => `2026-11-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
const click = (user_id: string, campaign_id: string, minute: number) =>
  ({ type: 'click', message_id: `m-${minute}`, user_id, campaign_id, occurred_at: at(minute) }) as Event;

test('a truth is known once the last of it first came after the question, in whatever order the events are', () => {
  const events = [
    click('u', 'b', 1),
    click('u', 'a', 5),
    click('u', 'b', 9),
    click('u', 'b', 7),
    click('v', 'a', 6),
  ];
  const moments = new Map([
    ['u', at(3)],
    ['v', at(3)],
  ]);
  const truth = new Map([
    ['u', new Set(['a', 'b'])],
    ['v', new Set(['a', 'b'])],
  ]);
  expect([...knownFrom(events, moments, truth)]).toEqual([['u', at(7)]]);
  expect(knownFrom(events.toReversed(), moments, truth).get('u')).toBe(at(7));
});
