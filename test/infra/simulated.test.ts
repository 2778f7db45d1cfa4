import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Campaign } from '#contract/campaign.ts';
import { Event, isEngagement } from '#contract/event.ts';
import { simulateTenant } from '../../infra/local/simulated/tenant.ts';

const NOW_MS = Date.parse('2026-11-23T20:00:00Z');
const DAY_MS = 24 * 3600_000;
const simulate = (seed: number, now_ms = NOW_MS) => simulateTenant({ seed, now_ms });

describe('the simulated tenant', () => {
  const { campaigns, events, person } = simulate(1);

  it('is the same to the byte for the same seed and moment, and another one otherwise', () => {
    const bytes = (all: object) => JSON.stringify(all);
    expect(bytes(simulate(1))).toBe(bytes({ campaigns, events, person }));
    expect(bytes(simulate(2).events)).not.toBe(bytes(events));
    expect(bytes(simulate(1, NOW_MS + 1000).events)).not.toBe(bytes(events));
  });

  it('holds only what the contract takes, with every field as the contract gives it', () => {
    for (const campaign of campaigns) expect(v.parse(Campaign, campaign)).toEqual(campaign);
    for (const event of events) expect(v.parse(Event, event)).toMatchObject(event);
  });

  it('happened in the last 30 days, in the order of its moments', () => {
    const moments = events.map(({ occurred_at }) => occurred_at);
    expect(moments).toEqual([...moments].sort());
    expect(Date.parse(moments[0] ?? '')).toBeGreaterThan(NOW_MS - 30 * DAY_MS);
    expect(Date.parse(moments.at(-1) ?? '')).toBeLessThan(NOW_MS);
  });

  it('names every event once, and every reply answers an earlier message of the person it names', () => {
    const authors = new Map<string, string>();
    for (const event of events) {
      expect(authors.has(event.message_id)).toBe(false);
      if (event.type === 'message' && event.reply_to) {
        expect(authors.get(event.reply_to)).toBe(event.reply_to_user_id);
      }
      authors.set(event.message_id, event.user_id);
    }
  });

  it.each([1, 2, 3, 4])(
    'knows its person well, and leaves them ten campaigns to discover (seed %i)',
    (seed) => {
      const one = simulate(seed);
      const theirs = one.events.filter(({ user_id }) => user_id === one.person).filter(isEngagement);
      const met = new Set(theirs.map(({ campaign_id }) => campaign_id));
      expect(theirs.length).toBeGreaterThan(30);
      expect(met.size).toBeGreaterThan(5);
      expect(one.campaigns.length - met.size).toBeGreaterThan(20);
    },
  );

  it('has every kind of event, from hundreds of people', () => {
    expect(new Set(events.map(({ type }) => type)).size).toBe(5);
    expect(new Set(events.map(({ user_id }) => user_id)).size).toBeGreaterThan(250);
  });
});
