import { livedAt } from '#contract/deletion.ts';
import { type Event, isEngagement } from '#contract/event.ts';
import { composite } from '#contract/ids.ts';
import { forgottenKey } from '../forgotten.ts';
import type { Addition } from '../profiles/merge.ts';
import type { Applied, Counted } from './port.ts';
import { remembered, rememberedPerson } from './remembered.ts';

type Person = { tenant_id: string; user_id: string };
/** `key` is what they would be forgotten by. */
type Known = Person & { key: string };
export type Identity = { identity: string; content: string; accepted_at: string };
export type Count = {
  tenant_id: string;
  day: string;
  campaign_id: string;
  type: string;
  locale: string;
  count: number;
};
export type TenCount = { tenant_id: string; ten: string; campaign_id: string; type: string; count: number };
export type Import = { tenant_id: string; newest: string };

/** A batch made ready before the transaction: nothing here depends on what is kept already. */
export type Batch = {
  /** Each once, in an order that is the same in every batch. */
  people: readonly Known[];
  events: readonly (Identity & { event: Event; who: string; key: string; tenant_id: string })[];
  /** The newest of each tenant's imported events, in an order that is the same in every batch. */
  imports: readonly Import[];
  /** The months of acceptance, as `2026-11`. */
  months: ReadonlySet<string>;
};

/** What a batch adds, in an order that is the same in every batch. */
export type Additions = {
  applied: Applied;
  identities: readonly Identity[];
  counts: readonly Count[];
  tens: readonly TenCount[];
  people: readonly (Person & { addition: Addition })[];
};

function inOrder<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

export function gather(counted: readonly Counted[]): Batch {
  const people = new Map<string, Known>();
  const imports = new Map<string, Import>();
  const months = new Set<string>();
  const events = counted.map(({ envelope: { tenant_id, accepted_at, event }, imported }) => {
    const { user_id, occurred_at } = event;
    const who = composite(tenant_id, user_id);
    const person = people.get(who) ?? { tenant_id, user_id, key: forgottenKey(tenant_id, user_id) };
    people.set(who, person);
    if (imported && occurred_at > (imports.get(tenant_id)?.newest ?? '')) {
      imports.set(tenant_id, { tenant_id, newest: occurred_at });
    }
    months.add(accepted_at.slice(0, 7));
    const { key } = person;
    return { ...remembered(rememberedPerson(key), event), accepted_at, event, who, key, tenant_id };
  });
  return { people: inOrder(people), events, imports: inOrder(imports), months };
}

/** What an event adds to its person's profile. */
function extend(addition: Addition, event: Event): void {
  const { message_id, occurred_at, type } = event;
  if (type === 'message') addition.messages.push({ message_id, occurred_at });
  if (isEngagement(event)) {
    addition.engagements.push({ message_id, occurred_at, campaign_id: event.campaign_id, type });
  }
  if (type === 'dismissal') {
    addition.dismissals.push({ message_id, occurred_at, campaign_id: event.campaign_id, type });
  }
  if (type === 'impression') {
    addition.impressions.push({ message_id, occurred_at, campaign_id: event.campaign_id });
  }
}

const isEmpty = ({ messages, engagements, dismissals, impressions }: Addition) =>
  messages.length + engagements.length + dismissals.length + impressions.length === 0;

/**
 * What the batch adds to what is known: the content of each identity that was counted before, and since when people
 * are forgotten. What is theirs from before that adds nothing. Where it was accepted only afterwards it is remembered,
 * as it would be had their deletion been read later.
 */
export function additions(
  { events }: Batch,
  known: { get(identity: string): string | undefined },
  forgotten: { get(key: string): string | undefined } = new Map(),
): Additions {
  const applied: Applied = { counted: 0, repeated: 0, conflicting: 0 };
  const contents = new Map<string, string>();
  const identities: Identity[] = [];
  const counts = new Map<string, Count>();
  const tens = new Map<string, TenCount>();
  const people = new Map<string, Person & { addition: Addition }>();
  for (const { identity, content, accepted_at, event, who, key: person, tenant_id } of events) {
    const forgotten_at = forgotten.get(person);
    const { occurred_at } = event;
    const lives = forgotten_at === undefined || livedAt({ accepted_at, occurred_at }) > forgotten_at;
    if (!lives && accepted_at <= forgotten_at) continue;
    const before = contents.get(identity) ?? known.get(identity);
    if (before !== undefined) {
      applied[before === content ? 'repeated' : 'conflicting'] += 1;
      continue;
    }
    contents.set(identity, content);
    identities.push({ identity, content, accepted_at });
    if (!lives) continue;
    applied.counted += 1;
    const { user_id, campaign_id, type, locale } = event;
    if (campaign_id !== null) {
      const day = event.occurred_at.slice(0, 10);
      const key = composite(tenant_id, day, campaign_id, type, locale);
      const count = counts.get(key) ?? { tenant_id, day, campaign_id, type, locale: locale ?? '', count: 0 };
      count.count += 1;
      counts.set(key, count);
      const ten = event.occurred_at.slice(0, 15);
      const tenKey = composite(tenant_id, ten, campaign_id, type);
      const inTen = tens.get(tenKey) ?? { tenant_id, ten, campaign_id, type, count: 0 };
      inTen.count += 1;
      tens.set(tenKey, inTen);
    }
    const none: Addition = { messages: [], engagements: [], dismissals: [], impressions: [] };
    const owner = people.get(who) ?? { tenant_id, user_id, addition: none };
    people.set(who, owner);
    extend(owner.addition, event);
  }
  identities.sort((a, b) => (a.identity < b.identity ? -1 : 1));
  return {
    applied,
    identities,
    counts: inOrder(counts),
    tens: inOrder(tens),
    people: inOrder(people).filter(({ addition }) => !isEmpty(addition)),
  };
}
