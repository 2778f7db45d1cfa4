/** Words that say nothing of what a text is about. */
export const STOP_WORDS = new Set(
  `a about after again all also am an and any are as at be because been before but by can could did do does doing
  done down for from get go got had has have he her here him his how i if im in into is it its ive just know like
  me more my no not now of off ok on one only or other our out over s she should so some such t than that thats the
  their them then there these they this those to too try u under up us use very was way we well were what when
  where which while who why will with would yes you your`.split(/\s+/),
);

/** The distinct words of a text, in the order they first come. */
export function wordsOf(text: string): Set<string> {
  return new Set(
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  );
}
