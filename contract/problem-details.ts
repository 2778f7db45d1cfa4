import * as v from 'valibot';

/** How a failure is told on HTTP (RFC 9457). Some kinds have members of their own. */
export const ProblemDetails = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  detail: v.string(),
  instance: v.string(),
  errors: v.optional(v.array(v.strictObject({ pointer: v.string(), detail: v.string() }))),
});
export type ProblemDetails = v.InferOutput<typeof ProblemDetails>;
