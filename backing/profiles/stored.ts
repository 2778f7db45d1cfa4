import type { EventType } from '#contract/event.ts';
import type { Profile } from './port.ts';

/** Lists are tuples, sorted as the port says. */
type Stored = {
  messages: [message_id: string, occurred_at: string][];
  engagements: [message_id: string, occurred_at: string, campaign_id: string, type: EventType][];
  engaged: [campaign_id: string, occurred_at: string][];
  dismissed: [campaign_id: string, occurred_at: string][];
};

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A profile as it is stored and dumped: equal profiles are equal texts. */
export function encodeProfile({ messages, engagements, engaged, dismissed }: Profile): string {
  const stored: Stored = {
    messages: messages.map((m) => [m.message_id, m.occurred_at]),
    engagements: engagements.map((e) => [e.message_id, e.occurred_at, e.campaign_id, e.type]),
    engaged: sorted(engaged),
    dismissed: sorted(dismissed),
  };
  return JSON.stringify(stored);
}

/** The profile that `encodeProfile` made that text of. */
export function decodeProfile(text: string): Profile {
  const { messages, engagements, engaged, dismissed } = JSON.parse(text) as Stored;
  return {
    messages: messages.map(([message_id, occurred_at]) => ({ message_id, occurred_at })),
    engagements: engagements.map(([message_id, occurred_at, campaign_id, type]) => ({
      message_id,
      occurred_at,
      campaign_id,
      type,
    })),
    engaged: new Map(engaged),
    dismissed: new Map(dismissed),
  };
}
