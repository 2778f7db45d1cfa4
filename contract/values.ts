import * as v from 'valibot';

const encoder = new TextEncoder();

/** A field that may be missing or null, and is null then. */
export function optional<Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.nullable(schema), null);
}

/** Text of 1 to `max_bytes` bytes of UTF-8, well formed (no lone surrogates, which no store could give back). */
export function text(max_bytes: number) {
  return v.pipe(
    v.string(),
    v.minLength(1, 'Text cannot be empty'),
    v.check(
      (value) => value.length * 3 <= max_bytes || encoder.encode(value).byteLength <= max_bytes,
      `Text is at most ${max_bytes} bytes of UTF-8`,
    ),
    v.check((value) => value.isWellFormed(), 'Text has a lone surrogate, which is no character'),
  );
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Days of a month, by the Gregorian calendar. */
function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * A moment by RFC 3339, with a zone; given back in UTC with milliseconds, so that equal moments are equal
 * strings and strings sort by time.
 */
export const Instant = v.pipe(
  v.string(),
  v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
    const parts = RFC3339.exec(dataset.value);
    const ms = parts ? Date.parse(dataset.value) : Number.NaN;
    // A zone can carry the first and the last years to where strings no longer sort.
    const sorts = ms >= FIRST_MS && ms <= LAST_MS;
    if (!parts || !sorts || Number(parts[3]) > daysIn(Number(parts[1]), Number(parts[2]))) {
      addIssue({ message: 'A moment is RFC 3339 with a zone, such as "2026-11-01T10:00:00Z"' });
      return NEVER;
    }
    return new Date(ms).toISOString();
  }),
);
