import type { Random } from './random.ts';
import { type Offer, type Theme, themes } from './themes.ts';

/** Somebody with interests: how often they turn up, and how much they want what. */
export type Person = {
  user_id: string;
  locale: string;
  activity: number;
  interests: readonly { theme: Theme; weight: number }[];
  /** How much they want an offer, from 0 to 1. */
  wants(offer: Offer): number;
};

/** The person whom the examples are about. */
export const ADA = 'ada';
const ADAS_THEMES = ['cycling', 'gardening', 'photography'];

const NAMES = `aisha ben carla dmitri ellen farid grace hugo ines jonas kira liam mei nadia omar priya quentin
  rosa sven tara umar vera wout yara zoe amir bea chidi dora elif finn gita hana ivo jade kofi lena mats nora
  olga pablo ravi sara tomas uma viktor wanda xenia yusuf zora anke boris celia dean esme fritz gwen henk`.split(
  /\s+/,
);

const LOCALES = [
  { locale: 'en-GB', weight: 5 },
  { locale: 'en-US', weight: 4 },
  { locale: 'en-IE', weight: 2 },
  { locale: 'en-AU', weight: 1 },
];

/** Interests that go together, so that what one person likes says something of the next. */
const PAIRS = [
  ['cycling', 'running'],
  ['gardening', 'cooking'],
  ['photography', 'rail'],
  ['home-network', 'board-games'],
  ['budget', 'languages'],
];

const INTEREST_WEIGHTS = [1, 0.5, 0.25];
/** Of each theme one offer is not known to them yet, so that there is something to discover. */
const OFFER_WEIGHTS = [1, 0.6, 0.3, 0];

/** So many people, each with one to three interests; the first is ADA, whose interests are always the same. */
export function makePeople(count: number, random: Random): Person[] {
  return Array.from({ length: count }, (_, at) => (at === 0 ? makeAda(random) : makePerson(at, random)));
}

function makeAda(random: Random): Person {
  const chosen = ADAS_THEMES.map((id) => themes.find((theme) => theme.id === id) as Theme);
  return { user_id: ADA, locale: 'en-GB', activity: 8, ...wishes(chosen, random) };
}

function makePerson(at: number, random: Random): Person {
  const name = NAMES[at % NAMES.length];
  const round = Math.floor(at / NAMES.length);
  return {
    user_id: round === 0 ? `${name}` : `${name}-${round + 1}`,
    locale: random.weighted(LOCALES, ({ weight }) => weight).locale,
    activity: 0.2 + 2 * random.next() * random.next(),
    ...wishes(chooseThemes(random), random),
  };
}

function chooseThemes(random: Random): Theme[] {
  const first = random.pick(themes);
  const beside = PAIRS.find((pair) => pair.includes(first.id))?.find((id) => id !== first.id);
  const chosen = new Set([first]);
  const wanted = random.whole(1, 3);
  if (wanted > 1 && random.chance(0.6)) chosen.add(themes.find(({ id }) => id === beside) as Theme);
  while (chosen.size < wanted) chosen.add(random.pick(themes));
  return [...chosen];
}

function wishes(chosen: readonly Theme[], random: Random): Pick<Person, 'interests' | 'wants'> {
  const interests = chosen.map((theme, at) => ({ theme, weight: INTEREST_WEIGHTS[at] ?? 0 }));
  const wanted = new Map(
    interests.flatMap(({ theme, weight }) =>
      random
        .some(theme.offers, theme.offers.length)
        .map((offer, at): [string, number] => [offer.id, weight * (OFFER_WEIGHTS[at] ?? 0)]),
    ),
  );
  return { interests, wants: ({ id }) => wanted.get(id) ?? 0 };
}
