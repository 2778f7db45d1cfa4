import type { Event } from '#contract/event.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';
import { answers, closers, type Offer, openers, type Theme, thanks } from './themes.ts';

/** An event whose id is not given yet; a reply names the one it answers. */
export type Draft = {
  at_ms: number;
  event: Omit<Event, 'message_id'>;
  reply_to: Draft | null;
};

const MINUTE_MS = 60_000;

type Thread = { theme: Theme; offer: Offer | null; now_ms: number; random: Random };

/** Somebody says something about one of their interests, and others who share it answer. */
export function converse(people: readonly Person[], at_ms: number, now_ms: number, random: Random): Draft[] {
  const starter = random.weighted(people, ({ activity }) => activity);
  const { theme } = random.weighted(starter.interests, ({ weight }) => weight);
  const offer = random.chance(0.75) ? random.weighted(theme.offers, starter.wants) : null;
  const thread = { theme, offer, now_ms, random };
  const opening = `${random.pick(openers)}${words(thread)}${random.pick(closers)}`;
  const drafts = [say(starter, opening, at_ms, null, thread)];

  const shares = ({ wants, interests }: Person) =>
    offer ? wants(offer) > 0 : interests.some((interest) => interest.theme === theme);
  const sharing = people.filter((person) => person !== starter && shares(person));
  let last_ms = at_ms;
  for (let left = sharing.length > 0 ? random.whole(0, 5) : 0; left > 0; left--) {
    last_ms += random.whole(1, 25) * MINUTE_MS;
    const answered = random.chance(0.7) ? drafts[0] : drafts.at(-1);
    const person = random.weighted(sharing, ({ activity }) => activity);
    drafts.push(say(person, `${random.pick(answers)}${words(thread)}`, last_ms, answered ?? null, thread));
  }
  if (drafts.length > 1 && random.chance(0.4)) {
    drafts.push(
      say(starter, random.pick(thanks), last_ms + 5 * MINUTE_MS, drafts.at(-1) ?? null, {
        ...thread,
        offer: null,
      }),
    );
  }
  return drafts.filter((draft) => draft.at_ms < now_ms);
}

function words({ theme, offer, random }: Thread): string {
  return random.pick(offer?.talk ?? theme.chat);
}

function say(person: Person, text: string, at_ms: number, answered: Draft | null, thread: Thread): Draft {
  const { theme, offer, random } = thread;
  return {
    at_ms,
    event: {
      type: 'message',
      user_id: person.user_id,
      occurred_at: new Date(at_ms).toISOString(),
      locale: person.locale,
      text,
      campaign_id: offer && random.chance(answered ? 0.5 : 0.7) ? offer.id : null,
      reply_to: null,
      reply_to_user_id: answered?.event.user_id ?? null,
      channel: theme.channel,
    } as Draft['event'],
    reply_to: answered,
  };
}
