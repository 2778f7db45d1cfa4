import * as v from 'valibot';
import { Epochs } from './epoch.ts';
import { ANSWER_FORMAT } from './recommendation.ts';

/** How long an answer lives in any tier at most. */
export const LONGEST_MS = 15 * 60_000;

const Meta = v.strictObject({
  format: v.literal(ANSWER_FORMAT),
  epochs: Epochs,
  created_ms: v.number(),
  until_ms: v.number(),
  degraded: v.array(v.string()),
});

/**
 * An answer as it is kept and handed from tier to tier: the JSON text that the person gets, its ETag, the
 * epochs it was begun under, when it was made, when it ends whatever the epochs say, and what it lacks.
 */
export const Answer = v.strictObject({ ...Meta.entries, body: v.string(), etag: v.string() });
export type Answer = v.InferOutput<typeof Answer>;

/** The header in which the origin tells the edge all of an answer but its text and ETag. */
export const ANSWER_HEADER = 'Edgewise-Answer';

/** The headers that carry an answer. */
export function answerHeaders({
  format,
  epochs,
  created_ms,
  until_ms,
  degraded,
  etag,
}: Omit<Answer, 'body'>) {
  return { [ANSWER_HEADER]: JSON.stringify({ format, epochs, created_ms, until_ms, degraded }), ETag: etag };
}

/** Reads an answer from the origin's response; null where it does not say what it is. */
export function readAnswer(headers: Headers, body: string): Answer | null {
  const [meta, etag] = [headers.get(ANSWER_HEADER), headers.get('ETag')];
  if (!meta || !etag) return null;
  try {
    const result = v.safeParse(Meta, JSON.parse(meta));
    return result.success ? { ...result.output, body, etag } : null;
  } catch {
    return null;
  }
}
