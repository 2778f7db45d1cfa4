import type { Campaign } from '#contract/campaign.ts';
import type { Event } from '#contract/event.ts';
import { type Random, seededRandom } from '../../simulated/random.ts';
import { type Language, speaker } from './speech.ts';

/** A crowd that never was: who does how much of what, when, and whether they say anything. */
export type Crowd = {
  people: number;
  campaigns: number;
  /** How many topics there are; campaigns of one go together, and a person cares about three. */
  topics: number;
  days: number;
  /** About how often one of them engages with something. */
  each: number;
  /** How unequal they are: 0 where all do as much, 1 where few do nearly all. */
  skew: number;
  /** How likely somebody turns to what they know already. */
  repeats: number;
  /** How likely what they do follows from what they care about; else from what is popular. */
  focus: number;
  /** How likely somebody cares about another topic most from a sitting on, and no more about the one they cared about least. */
  drift: number;
  /** How many engagements a sitting has, minutes apart. */
  sitting: number;
  /** For how many days people turn to a campaign, each from a day of its own; null: ever. */
  life_days: number | null;
  /** What they say; null: they click. */
  language: Language | null;
  /** How many campaigns are seen beside each that is clicked. */
  seen: number;
  /** Days in which nothing happens at all, from one to before another. */
  gap: readonly [from: number, before: number] | null;
};

const DAY_MS = 24 * 3600_000;
const MINUTE_MS = 60_000;
const INTERESTS = [1, 0.5, 0.25];
/** How much likelier the first of a topic is than the second, and so on. */
const STEEPNESS = 0.8;
const CONVERSION = 0.1;

type Thing = { campaign_id: string; topic: number; weight: number; from_ms: number; before_ms: number };
type Visitor = { user_id: string; topics: number[]; count: number };

function things({ campaigns, topics, days, life_days }: Crowd, from_ms: number, random: Random): Thing[] {
  return Array.from({ length: campaigns }, (_, i) => {
    const born_ms =
      life_days === null ? 0 : from_ms + (random.next() * (days + life_days) - life_days) * DAY_MS;
    return {
      campaign_id: `c-${String(i).padStart(5, '0')}`,
      topic: i % topics,
      weight: (1 + Math.floor(i / topics)) ** -STEEPNESS,
      ...{ from_ms: born_ms, before_ms: life_days === null ? Infinity : born_ms + life_days * DAY_MS },
    };
  });
}

function visitors({ people, topics, each, skew }: Crowd, random: Random): Visitor[] {
  return Array.from({ length: people }, (_, i) => {
    const share = (1 - random.next()) ** -skew * (1 - skew);
    return {
      user_id: `u-${String(i).padStart(5, '0')}`,
      topics: random.some(
        Array.from({ length: topics }, (_, topic) => topic),
        INTERESTS.length,
      ),
      count: Math.max(1, Math.round(Math.min(30, share) * each * (0.5 + random.next()))),
    };
  });
}

/** Campaigns and events of a crowd in the order of their moments. The same options and seed give the same. */
export function simulateCrowd(
  crowd: Crowd,
  { seed, now_ms }: { seed: number; now_ms: number },
): { campaigns: Campaign[]; events: Event[] } {
  const random = seededRandom(seed);
  const from_ms = now_ms - crowd.days * DAY_MS;
  const all = things(crowd, from_ms, random);
  const ofTopic = Array.from({ length: crowd.topics }, (_, topic) =>
    all.filter((one) => one.topic === topic),
  );
  const says = crowd.language && speaker(crowd.language, random);
  const moment = () => {
    for (;;) {
      const day = random.next() * crowd.days;
      if (!crowd.gap || day < crowd.gap[0] || day >= crowd.gap[1]) return from_ms + day * DAY_MS;
    }
  };

  const drifted = (topics: readonly number[]) => {
    const others = ofTopic.flatMap((_, topic) => (topics.includes(topic) ? [] : [topic]));
    return [random.pick(others), ...topics.slice(0, -1)];
  };

  /** What somebody turns to at a moment; null where there is nothing. */
  function turnsTo({ topics }: Visitor, known: readonly Thing[], at_ms: number): Thing | null {
    const on = (one: Thing) => one.from_ms <= at_ms && at_ms < one.before_ms;
    const again = known.slice(-12).filter(on);
    if (again.length > 0 && random.chance(crowd.repeats))
      return again[Math.floor(again.length * Math.sqrt(random.next()))] as Thing;
    const topic = random.weighted(topics, (one) => INTERESTS[topics.indexOf(one)] as number);
    const from = random.chance(crowd.focus) ? (ofTopic[topic] as Thing[]) : all;
    const fresh = from.filter((one) => on(one) && !known.includes(one));
    return fresh.length > 0 ? random.weighted(fresh, ({ weight }) => weight) : null;
  }

  const drafts: { at_ms: number; event: object }[] = [];
  for (const visitor of visitors(crowd, random)) {
    const sittings = Array.from({ length: Math.ceil(visitor.count / crowd.sitting) }, moment).sort(
      (a, b) => a - b,
    );
    const known: Thing[] = [];
    for (const [sitting, begun_ms] of sittings.entries()) {
      if (crowd.drift > 0 && random.chance(crowd.drift)) visitor.topics = drifted(visitor.topics);
      const left = Math.min(crowd.sitting, visitor.count - sitting * crowd.sitting);
      for (let i = 0; i < left; i++) {
        const at_ms = Math.min(now_ms - 1, Math.floor(begun_ms + i * MINUTE_MS));
        const thing = turnsTo(visitor, known, at_ms);
        if (!thing) continue;
        if (known.includes(thing)) known.splice(known.indexOf(thing), 1);
        known.push(thing);
        const { user_id } = visitor;
        const did = (type: string, more: object, { campaign_id } = thing) =>
          drafts.push({ at_ms, event: { type, user_id, campaign_id, locale: null, ...more } });
        if (says) did('message', { text: says(thing.topic, thing.campaign_id), channel: null });
        else {
          for (let seen = crowd.seen; seen > 0; seen--) did('impression', {}, random.pick(all));
          did('click', {});
          if (random.chance(CONVERSION)) did('conversion', {});
        }
      }
    }
  }
  drafts.sort((a, b) => a.at_ms - b.at_ms);
  const events = drafts.map(({ at_ms, event }, i) => ({
    ...event,
    message_id: `m-${String(i).padStart(7, '0')}`,
    occurred_at: new Date(at_ms).toISOString(),
  }));
  const campaigns = all.map(({ campaign_id, topic }) => ({
    campaign_id,
    title: says ? says(topic, campaign_id) : campaign_id,
    text: says ? says(topic, campaign_id) : campaign_id,
    ...{
      tags: [],
      locales: [],
      status: 'active' as const,
      starts_at: null,
      ends_at: null,
      boost: 1,
      attributes: {},
    },
  }));
  return { campaigns, events: events as unknown as Event[] };
}
