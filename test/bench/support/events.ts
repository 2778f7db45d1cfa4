import type { Counted } from '#backing/counters/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';

export const TENANT = 'bench';
export const CAMPAIGNS = 200;
const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-01T10:00:00.000Z');

/** The event of a number: every third a message, the others clicks, by a thousand people over four weeks, eight in a row by each. */
function eventAt(at: number): Event {
  const common = {
    message_id: `message-${at}`,
    user_id: `user-${Math.floor(at / 8) % 1000}`,
    occurred_at: new Date(NOW_MS - (at % 28) * DAY_MS + at).toISOString(),
    locale: 'en',
  };
  const campaign_id = `campaign-${(at * 31) % CAMPAIGNS}`;
  if (at % 3 === 0) {
    const text = `my wifi drops after suspend, and the ${at % 17} others do as well, what can I try next?`;
    const about = { campaign_id: null, reply_to: null, reply_to_user_id: null, channel: '#help' };
    return { ...common, ...about, type: 'message', text };
  }
  const shown = { recommendation_id: null, placement: 'discover', position: 1 + (at % 10) };
  return { ...common, ...shown, type: 'click', campaign_id };
}

export function countedAt(at: number): Counted {
  const accepted_at = new Date(NOW_MS).toISOString();
  const envelope = { v: ENVELOPE_VERSION, tenant_id: TENANT, accepted_at, event: eventAt(at) } as const;
  return { envelope, imported: true };
}

/** A campaign of about 1 kB. */
export function campaignAt(at: number): Campaign {
  return {
    campaign_id: `campaign-${at % CAMPAIGNS}`,
    title: `Get wireless to work, part ${at}`,
    text: 'What to look at when it drops, and how to tell the driver from the network. '.repeat(10),
    tags: ['network', 'wifi', 'laptop'],
    locales: ['en', 'de'],
    status: 'active',
    starts_at: null,
    ends_at: null,
    boost: 1,
    attributes: {},
  };
}
