import { STOP_WORDS, wordsOf } from '../words.ts';

/** Rarer words say too little of what stands beside them. */
const RAREST = 5;
/** A word that fewer people used could tell who they are, or what one of them said, even once they are forgotten. */
export const FEWEST_PEOPLE = 5;
const MOST_WORDS = 20_000;
/** One letter or digit alone says nothing, and nothing is gained by words longer than this. */
const [SHORTEST, LONGEST] = [2, 40];

/** The words that are learnt, the most frequent first, in how many texts each stands, and how many texts there are. */
export type Vocabulary = {
  words: readonly string[];
  counts: Float64Array;
  slots: ReadonlyMap<string, number>;
};

/**
 * The word that a person's id is in a text, where it is one: `|trey|` is `trey`. An id of several words is no
 * name to mask, since each of them alone is a word of its own.
 */
export function nameOf(user_id: string): string | null {
  const words = [...wordsOf(user_id)];
  return words.length === 1 ? (words[0] as string) : null;
}

/** A name stands for its person, unless it stands in so many texts, and calls somebody in fewer than this share of them. */
const WORD_TEXTS = 50;
const CALLS = 0.1;

/** The words by which a text calls somebody: its first where a colon or comma follows, and those behind an @. */
const CALLED = /^[^\p{L}\p{N}]*([\p{L}\p{N}]+)[^\p{L}\p{N}\s]*[:,]|@([\p{L}\p{N}]+)/gu;

/** Of each word the first people who used it, no more than matter. */
function peopleOf(texts: readonly string[], people: readonly number[]): Map<string, number[]> {
  const users = new Map<string, number[]>();
  texts.forEach((text, at) => {
    const person = people[at] as number;
    for (const word of wordsOf(text)) {
      const known = users.get(word);
      if (!known) users.set(word, [person]);
      else if (known.length < FEWEST_PEOPLE && !known.includes(person)) known.push(person);
    }
  });
  return users;
}

/**
 * Counts in how many texts each word stands. Stop words are left out, and names, so that two texts are never alike because
 * they were said to the same person; but a name that most say as a word is a word (there is always somebody called
 * "linux"). Where `people` tells who said each text, so are words that fewer than FEWEST_PEOPLE of them used.
 */
export function vocabularyOf(
  texts: readonly string[],
  names: ReadonlySet<string>,
  people?: readonly number[],
): Vocabulary {
  const counts = new Map<string, number>();
  const calls = new Map<string, number>();
  const count = (map: Map<string, number>, word: string) => map.set(word, (map.get(word) ?? 0) + 1);
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      if (word.length < SHORTEST || word.length > LONGEST || STOP_WORDS.has(word)) continue;
      count(counts, word);
    }
    for (const [, first, tagged] of text.normalize('NFKC').toLowerCase().matchAll(CALLED)) {
      count(calls, (first ?? tagged) as string);
    }
  }
  const isName = (word: string, texts_with: number) =>
    names.has(word) && (texts_with < WORD_TEXTS || (calls.get(word) ?? 0) >= CALLS * texts_with);
  const users = people && peopleOf(texts, people);
  const isShared = (word: string) => !users || (users.get(word)?.length ?? 0) >= FEWEST_PEOPLE;
  const kept = [...counts]
    .filter(([word, texts_with]) => texts_with >= RAREST && !isName(word, texts_with) && isShared(word))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS);
  return {
    words: kept.map(([word]) => word),
    counts: Float64Array.from(kept, ([, texts_with]) => texts_with),
    slots: new Map(kept.map(([word], slot) => [word, slot])),
  };
}
