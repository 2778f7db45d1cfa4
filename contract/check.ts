import * as v from 'valibot';
import { detailOf, pointerOf } from './parse.ts';
import type { Refusal } from './verdict.ts';

/** Only the first issue is told, and found: a value of thousands of wrong fields costs no more than of one. */
const FIRST = { abortEarly: true, abortPipeEarly: true } as const;

/** The value as the schema knows it, or the refusal that points at its first wrong field. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): { output: v.InferOutput<Schema>; refusal?: never } | { output?: never; refusal: Refusal } {
  const result = v.safeParse(schema, value, FIRST);
  if (result.success) return { output: result.output };
  const [issue] = result.issues;
  return {
    refusal: {
      message_id: nameOf(value),
      code: 'invalid',
      detail: detailOf(issue),
      pointer: pointerOf(issue),
    },
  };
}

/** What a refused value calls itself, where that is fit to be repeated. */
function nameOf(value: unknown): string | null {
  const name = (value as { message_id?: unknown } | null)?.message_id;
  return typeof name === 'string' && name.length <= 128 ? name : null;
}
