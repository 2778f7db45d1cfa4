/** What a command gave: a value as Redis sends it, with every string in bytes, or the error it failed with. */
export type Outcome = { value: unknown } | { error: string };

/** How strings are written: as UTF-8, or in base64, which loses nothing. */
export type Encoding = 'utf8' | 'base64';

const OK = Buffer.from('OK');

/** A value as JSON. Of base64 strings a lone `OK` stays plain, as Upstash has it: clients know it by that. */
function written(value: unknown, encoding: Encoding, top: boolean): unknown {
  if (Buffer.isBuffer(value)) return top && value.equals(OK) ? 'OK' : value.toString(encoding);
  if (typeof value === 'string') return written(Buffer.from(value), encoding, top);
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Error) return { error: value.message };
  if (Array.isArray(value)) return value.map((item) => written(item, encoding, false));
  return value ?? null;
}

/** The outcome of one command, as the REST API says it. */
export function replyOf(outcome: Outcome, encoding: Encoding): { result: unknown } | { error: string } {
  return 'error' in outcome ? outcome : { result: written(outcome.value, encoding, true) };
}
