import * as v from 'valibot';

/** Why one of many was refused: where it stood, what it called itself, and what to mend. */
const Rejection = v.strictObject({
  index: v.pipe(v.number(), v.integer()),
  message_id: v.nullable(v.string()),
  code: v.picklist(['invalid', 'too_early', 'too_late', 'not_yours', 'malformed']),
  detail: v.string(),
  pointer: v.nullable(v.string()),
});
export type Rejection = v.InferOutput<typeof Rejection>;

/** Why one of many is refused, wherever it stood. */
export type Refusal = Omit<Rejection, 'index'>;

/** What writing many answers: how many the log now has, and the rest one by one. */
export const Verdict = v.strictObject({
  accepted: v.pipe(v.number(), v.integer()),
  rejected: v.array(Rejection),
});
export type Verdict = v.InferOutput<typeof Verdict>;
