import * as v from 'valibot';
import { type FieldError, Problem } from './problem.ts';

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerTo(key: unknown): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Where an issue stands, as a JSON pointer (RFC 6901). */
export function pointerOf(issue: v.BaseIssue<unknown>): string {
  return (issue.path ?? []).map(({ key }) => pointerTo(key)).join('');
}

const SHOWN = 20;

/** What is wrong with a value, field by field. */
function fieldErrors(issues: readonly v.BaseIssue<unknown>[]): FieldError[] {
  return issues.slice(0, SHOWN).map((issue) => ({ pointer: pointerOf(issue), detail: detailOf(issue) }));
}

const LONGEST = 300;

/** What to mend, in a sentence of bounded length, whatever was received. */
export function detailOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return 'There is no such field; remove it';
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'This field is required';
  return issue.message.length <= LONGEST ? issue.message : `${issue.message.slice(0, LONGEST)}…`;
}

/** The value as the schema knows it. Throws an `invalid-request` problem that points at each wrong field. */
export function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const errors = fieldErrors(result.issues);
  throw new Problem('invalid-request', `${errors[0]?.pointer || 'The request'}: ${errors[0]?.detail}`, {
    errors,
  });
}

/** A query as an object for a schema: the names in `lists` become lists, a repeated other one is refused. */
export function queryObject(
  query: URLSearchParams,
  lists: readonly string[] = [],
): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (lists.includes(name)) object[name] = values;
    else if (values.length === 1) object[name] = values[0] as string;
    else {
      throw new Problem('invalid-request', `${name} is given ${values.length} times; give it once`, {
        errors: [{ pointer: pointerTo(name), detail: 'Give it once' }],
      });
    }
  }
  return object;
}
