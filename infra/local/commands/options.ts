import { InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { KeyId, KeyName } from '#contract/api-key.ts';
import { readScopes, SCOPES, type Scope } from '#contract/caller.ts';
import { Id, TenantId } from '#contract/ids.ts';
import { Instant } from '#contract/values.ts';

/** A reader of an option's value that says what is wrong with it in the schema's words. */
function read<Schema extends v.GenericSchema<string, unknown>>(schema: Schema) {
  return (value: string): v.InferOutput<Schema> => {
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    throw new InvalidArgumentError(`${result.issues[0].message}.`);
  };
}

export const tenant = read(TenantId);
export const user = read(Id);
export const keyId = read(KeyId);
export const keyName = read(KeyName);

/** A moment, in ms since 1970. */
export const instant = (value: string): number => Date.parse(read(Instant)(value));

export const port = whole(0, 65_535, 'A port');
export const people = whole(60, 1_000_000, 'How many people');
export const gibibytes = whole(1, 1_048_576, 'A number of GiB');
export const seed = whole(0, 2 ** 32 - 1, 'A seed');

/** One of so many parts, such as `2/4`. */
export function part(value: string): { part: number; of: number } {
  const [, i, n] = /^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? [];
  if (Number(i) >= 1 && Number(i) <= Number(n)) return { part: Number(i), of: Number(n) };
  throw new InvalidArgumentError('A part is written such as 2/4, from 1/4 to 4/4.');
}

function whole(min: number, max: number, what: string) {
  return (value: string): number => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  };
}

/** Scopes separated by spaces; a name that is none of ours is refused, since it would quietly do nothing. */
export function scopes(value: string): Scope[] {
  const names = value.split(/[\s,]+/).filter(Boolean);
  const unknown = names.find((name) => !(SCOPES as readonly string[]).includes(name));
  if (names.length === 0 || unknown !== undefined) {
    const wrong = unknown === undefined ? 'Name at least one scope' : `There is no scope "${unknown}"`;
    throw new InvalidArgumentError(`${wrong}; there are: ${SCOPES.join(' ')}.`);
  }
  return readScopes(names.join(' '));
}

const UNITS_S = { s: 1, m: 60, h: 3600, d: 24 * 3600 };
const LONGEST_SPAN_S = 3650 * UNITS_S.d;

/** A span of time, such as `90d`, in seconds. */
export function span(value: string): number {
  const parts = /^(\d{1,6})(s|m|h|d)$/.exec(value);
  const seconds = parts ? Number(parts[1]) * UNITS_S[parts[2] as keyof typeof UNITS_S] : Number.NaN;
  if (seconds <= LONGEST_SPAN_S) return seconds;
  throw new InvalidArgumentError('A span of time is written such as 30m, 12h or 90d, up to 3650d.');
}

const LONGEST_TOKEN_S = 24 * 3600;

/** How long a token holds, such as `12h`, in seconds. */
export function lifetime(value: string): number {
  const parts = /^(\d{1,6})(s|m|h)$/.exec(value);
  const seconds = parts ? Number(parts[1]) * UNITS_S[parts[2] as keyof typeof UNITS_S] : 0;
  if (seconds >= 1 && seconds <= LONGEST_TOKEN_S) return seconds;
  throw new InvalidArgumentError('A token holds from 1s to 24h, written such as 90s, 30m or 12h.');
}
