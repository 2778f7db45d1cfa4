import { createHash } from 'node:crypto';
import type { SentEvent } from './conversation.ts';
import { TENANT } from './load.ts';

/** How many of a profile's messages and engagements are kept, as the architecture says. */
const [MESSAGES, ENGAGEMENTS] = [64, 256];
/** Of impressions: of a campaign, and of all, within so long before the newest. */
const [SHOWN, SHOWN_OF_ALL, SHOWN_MS] = [20, 500, 8 * 24 * 3600_000];

/** What a view should hold: the value of each of its lines, by their keys. */
export type Expected = ReadonlyMap<string, string>;

type Dated = { id: string; at: string; rest: string[] };
type Person = {
  messages: Dated[];
  engagements: Dated[];
  engaged: Map<string, string>;
  dismissed: Map<string, string>;
  shown: Dated[];
};

/** What is known of an event, in an order of its own: equal contents are equal texts. */
export function fingerprint(event: object): string {
  const known = Object.entries(event).filter(([, value]) => value !== null && value !== undefined);
  const text = JSON.stringify(known.sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/**
 * What every view should hold, by nothing but the events that were acknowledged and the words of the architecture:
 * none of the views' own code is used.
 */
export function reference() {
  const events = new Map<string, string>();
  const vectors = new Map<string, string>();
  const daily = new Map<string, number>();
  const tens = new Map<string, number>();
  const graph = new Map<string, string>();
  const people = new Map<string, Person>();

  const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const later = (map: Map<string, string>, key: string, at: string) => {
    if ((map.get(key) ?? '') < at) map.set(key, at);
  };

  function count({ campaign_id, occurred_at, type, locale }: SentEvent): void {
    if (campaign_id === undefined) return;
    const day = occurred_at.slice(0, 10);
    add(daily, JSON.stringify(['daily', TENANT, day, campaign_id, type, locale ?? '']));
    add(tens, JSON.stringify(['ten', TENANT, occurred_at.slice(0, 15), campaign_id, type]));
  }

  function remember({ user_id, message_id: id, occurred_at: at, type, campaign_id }: SentEvent): void {
    const none = { messages: [], engagements: [], engaged: new Map(), dismissed: new Map(), shown: [] };
    const person: Person = people.get(user_id) ?? none;
    if (type === 'message') person.messages.push({ id, at, rest: [] });
    if (campaign_id !== undefined && ['message', 'click', 'conversion'].includes(type)) {
      person.engagements.push({ id, at, rest: [campaign_id, type] });
      later(person.engaged, campaign_id, at);
    }
    if (campaign_id !== undefined && type === 'dismissal') later(person.dismissed, campaign_id, at);
    if (campaign_id !== undefined && type === 'impression')
      person.shown.push({ id, at, rest: [campaign_id] });
    const { messages, engagements, dismissed, shown } = person;
    if (messages.length + engagements.length + dismissed.size + shown.length > 0) people.set(user_id, person);
  }

  function connect(event: SentEvent): void {
    const { user_id, message_id, occurred_at, type, campaign_id, reply_to, reply_to_user_id } = event;
    const day = occurred_at.slice(0, 10);
    const edge = (kind: string, other: string) =>
      graph.set(JSON.stringify([kind, TENANT, user_id, day, other]), '1');
    if (campaign_id !== undefined && ['message', 'click', 'conversion'].includes(type))
      edge('engaged', campaign_id);
    if (type !== 'message') return;
    graph.set(JSON.stringify(['wrote', TENANT, message_id, user_id]), day);
    if (reply_to_user_id !== undefined) {
      if (reply_to_user_id !== user_id) edge('replied', reply_to_user_id);
    } else if (reply_to !== undefined) edge('answered', reply_to);
  }

  return {
    acknowledge(event: SentEvent): void {
      const identity = JSON.stringify([TENANT, event.user_id, event.message_id]);
      if (events.has(identity)) return;
      events.set(identity, fingerprint(event));
      const { type, occurred_at, campaign_id, locale } = event;
      if (type === 'message')
        vectors.set(identity, JSON.stringify([occurred_at, campaign_id ?? null, locale ?? null]));
      count(event);
      remember(event);
      connect(event);
    },

    /** What the views should hold of what was acknowledged so far. */
    views(): { counts: ReadonlyMap<string, number>; profiles: Expected } & Record<
      'events' | 'vectors' | 'graph',
      Expected
    > {
      const profiles = new Map(
        [...people].map(([user_id, person]) => [
          JSON.stringify(['profile', TENANT, user_id]),
          textOf(person),
        ]),
      );
      return { events, vectors, graph, counts: new Map([...daily, ...tens]), profiles };
    },
  };
}

/** The newest first, of equal moments the greater id. */
function newest(list: readonly Dated[], most: number): string[][] {
  const order = (a: Dated, b: Dated) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1);
  return [...list]
    .sort(order)
    .slice(0, most)
    .map(({ id, at, rest }) => [id, at, ...rest]);
}

function textOf(person: Person): string {
  const shown = lately(person.shown);
  const profile = JSON.stringify(profileOf(person));
  return shown.length > 0 ? `${profile}\t${JSON.stringify(shown)}` : profile;
}

function lately(shown: readonly Dated[]): string[][] {
  const newestMs = Math.max(...shown.map(({ at }) => Date.parse(at)));
  const young = shown.filter(({ at }) => Date.parse(at) >= newestMs - SHOWN_MS);
  const campaigns = [...new Set(young.map(({ rest: [campaign = ''] }) => campaign))];
  const kept = campaigns.flatMap((campaign) => {
    const ids = new Set(
      newest(
        young.filter(({ rest }) => rest[0] === campaign),
        SHOWN,
      ).map(([id]) => id),
    );
    return young.filter(({ id }) => ids.has(id));
  });
  return newest(kept, SHOWN_OF_ALL);
}

function profileOf({ messages, engagements, engaged, dismissed }: Person) {
  const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    messages: newest(messages, MESSAGES),
    engagements: newest(engagements, ENGAGEMENTS),
    engaged: sorted(engaged),
    dismissed: sorted(dismissed),
  };
}
