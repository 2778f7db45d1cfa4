import { BOOKMARK_HEADER, readBookmark } from '#contract/bookmark.ts';

/** The bookmark that a request carries, as it stands there; null where it carries none. Throws `bad-request`. */
export function bookmarkOf(headers: Headers): string | null {
  const header = headers.get(BOOKMARK_HEADER);
  if (header !== null) readBookmark(header);
  return header;
}
