import type { Corpus } from './train.ts';
import { nameOf } from './vocabulary.ts';

/** As an answer may change with it, what is learnt of the same texts is the same. */
const SEED = 1;

/** What people said (oldest first), to learn of: each who said something as a number, and the names of all who are known. */
export function corpusOf(
  said: readonly { user_id: string; text: string }[],
  known: Iterable<string>,
): Corpus & { people: readonly number[] } {
  const numbers = new Map<string, number>();
  const people = said.map(({ user_id }) => {
    const number = numbers.get(user_id) ?? numbers.size;
    numbers.set(user_id, number);
    return number;
  });
  const names = new Set([...known].map(nameOf).filter((name) => name !== null));
  return { texts: said.map(({ text }) => text), people, names, seed: SEED };
}
