import * as v from 'valibot';

/** Whose data it is: lower-case letters, digits and hyphens, 1 to 63 of them. */
export const TenantId = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,63}$/, 'A tenant is 1 to 63 of a-z, 0-9 and "-"'),
);

/**
 * Every other id: 1 to 128 printable ASCII characters without space, `/`, `?`, `#` or `%`, never `.` or
 * `..`, so that it can stand in a path, percent-encoded or not, and come back as it was.
 */
export const Id = v.pipe(
  v.string(),
  v.regex(
    /^(?!\.{1,2}$)[!"$&-.0->@-~]{1,128}$/,
    'An id is 1 to 128 printable ASCII characters without space, "/", "?", "#" or "%", and not "." or ".."',
  ),
);

/** A campaign's id; `popular` is a route of its own beside the campaigns. */
export const CampaignId = v.pipe(
  Id,
  v.check((id) => id !== 'popular', '"popular" is a route, so no campaign can have that id'),
);

/** A BCP 47 language tag, such as `en` or `pt-BR`. */
export const Locale = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, 'A locale is a language tag such as "en" or "pt-BR"'),
);

export const Tag = v.pipe(
  v.string(),
  v.regex(/^[^\s,\p{Cs}]{1,64}$/u, 'A tag is 1 to 64 characters without space or comma'),
);

/**
 * Joins parts to one key that no other parts can give: a JSON array, since a bare separator could stand
 * inside a part.
 */
export function composite(...parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts);
}
