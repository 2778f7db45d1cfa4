import { eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { parse } from '#contract/parse.ts';

export const DAY_MS = 24 * 3600_000;
export const NOW_MS = Date.parse('2026-11-20T00:00:00.000Z');
const at = (days_ago: number) => new Date(NOW_MS - days_ago * DAY_MS).toISOString();

/** A message and a click of a person that occurred and were accepted so many days ago. */
export function said(user_id: string, occurred: number, accepted: number) {
  const common = { user_id, occurred_at: at(occurred), locale: 'en', campaign_id: 'c' };
  return [
    { ...common, type: 'message', message_id: 'm', text: 'hello', reply_to_user_id: 'somebody' },
    { ...common, type: 'click', message_id: 'k' },
  ].map((event) => eventRecord({ tenant_id: 'acme', accepted_at: at(accepted), event: parse(Event, event) }));
}
