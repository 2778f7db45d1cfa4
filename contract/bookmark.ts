import * as v from 'valibot';
import { base64url, fromBase64url } from './base64url.ts';
import { Problem } from './problem.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is written to more partitions at once gets no bookmark: it would be too long for a header. */
export const MOST_PLACES = 256;

/** Where acknowledged records ended on the log: the highest offset of each topic and partition. */
export const Bookmark = v.pipe(v.array(v.strictTuple([v.string(), whole, whole])), v.maxLength(MOST_PLACES));
export type Bookmark = v.InferOutput<typeof Bookmark>;

export const BOOKMARK_HEADER = 'Edgewise-Bookmark';

/** A bookmark as it stands in the header: base64url of its JSON. */
export function encodeBookmark(bookmark: Bookmark): string {
  return base64url(new TextEncoder().encode(JSON.stringify(bookmark)));
}

/** Far beyond what the gateway's bookmarks are long. */
const LONGEST = 16_384;

/** The bookmark in the header. It names places and nobody's: any tenant's may wait for it. Throws `bad-request`. */
export function readBookmark(header: string): Bookmark {
  const bookmark = header.length <= LONGEST ? decodeBookmark(header) : null;
  if (bookmark) return bookmark;
  throw new Problem(
    'bad-request',
    `The header ${BOOKMARK_HEADER} holds no bookmark: send the last one that you were given, or none`,
  );
}

/** Reads the header; null where it is no bookmark of ours. */
export function decodeBookmark(header: string): Bookmark | null {
  const bytes = fromBase64url(header);
  if (!bytes) return null;
  try {
    const result = v.safeParse(Bookmark, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

/** The bookmark of the places given: the highest offset of each partition. */
export function bookmarkOf(
  places: readonly { topic: string; partition: number; offset: number }[],
): Bookmark {
  const highest = new Map<string, [string, number, number]>();
  for (const { topic, partition, offset } of places) {
    const key = `${topic} ${partition}`;
    if (offset > (highest.get(key)?.[2] ?? -1)) highest.set(key, [topic, partition, offset]);
  }
  return [...highest.values()];
}
