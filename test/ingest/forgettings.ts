import fc from 'fast-check';
import { deletionRecord, eventRecord } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { eventArbOf } from '../support/arbitraries.ts';
import type { Written } from './histories.ts';

const hour = (at: number) => `2026-11-01T${String(at).padStart(2, '0')}:00:00.000Z`;
const user_id = fc.constantFrom('ann', 'bob');

/** Logs with an event or a deletion an hour, of few people, on both topics. */
export const forgettings: fc.Arbitrary<Written[]> = fc
  .array(
    fc.record({
      event: eventArbOf({
        user_id,
        message_id: fc.constant('m'),
        campaign_id: fc.constantFrom('c-1', 'c-2'),
        occurred_at: fc.constant(hour(0)),
      }),
      topic: fc.constantFrom(topics.events, topics.imports),
      forgets: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0),
    }),
    { minLength: 6, maxLength: 20 },
  )
  .map((steps) =>
    steps.map(({ event, topic, forgets }, at): Written => {
      const about = { tenant_id: 'acme', accepted_at: hour(at) };
      if (!forgets)
        return { topic, record: eventRecord({ ...about, event: { ...event, message_id: `m-${at}` } }) };
      const deletion = { deletion_id: '0d9c64a9-6a1f-4f5e-9d15-0d6e6f7c8a11', user_id: event.user_id };
      return { topic: topics.events, record: deletionRecord({ ...about, deletion }) };
    }),
  );

export type Dumps = Record<string, string[]>;

/** What views hold of the world, without what they remember of what was counted or forgotten. */
export const held = (dumps: Dumps) =>
  Object.entries(dumps).flatMap(([name, lines]) =>
    name === 'archive' ? [] : lines.filter((line) => !/^\["(identity|forgotten)"/.test(line)),
  );
/** The same of people: counts have none, and keep what was counted before somebody was forgotten. */
export const personal = (dumps: Dumps) =>
  held(dumps).filter((line) => !/^\["(daily|ten|imported)"/.test(line));
