import * as v from 'valibot';
import { base64url, fromBase64url } from './base64url.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Where acknowledged records ended on the log: the highest offset of each topic and partition. */
export const Bookmark = v.pipe(v.array(v.strictTuple([v.string(), whole, whole])), v.maxLength(256));
export type Bookmark = v.InferOutput<typeof Bookmark>;

export const BOOKMARK_HEADER = 'Edgewise-Bookmark';

/** A bookmark as it stands in the header: base64url of its JSON. */
export function encodeBookmark(bookmark: Bookmark): string {
  return base64url(new TextEncoder().encode(JSON.stringify(bookmark)));
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
