import * as v from 'valibot';
import { CampaignId, composite, Id, TenantId } from './ids.ts';
import { Instant } from './values.ts';

const SERVED_VERSION = 1;

/** A candidate of an answer: its score, and what each of the answer's sources said of it, in their order. */
const Candidate = v.strictObject({ id: CampaignId, score: v.number(), said: v.array(v.number()) });

/**
 * An answer that was made, as it stands on the log, so that what became of it can be learnt from: events name it by its
 * `recommendation_id`. An answer that is given again from a cache is the same one.
 */
export const Served = v.strictObject({
  v: v.literal(SERVED_VERSION),
  tenant_id: TenantId,
  user_id: Id,
  recommendation_id: v.string(),
  generated_at: Instant,
  placement: Id,
  /** The version of the placement: 0 for the one that is shipped. */
  placement_version: v.number(),
  model: v.string(),
  degraded: v.array(v.string()),
  /** In what share of its answers the placement explores, and whether it did here. */
  exploration: v.number(),
  explored: v.boolean(),
  sources: v.array(v.string()),
  /** The best, ranked, before any rule. */
  candidates: v.array(Candidate),
  /** What was answered, in its order; pinned and explored campaigns among it. */
  answered: v.array(CampaignId),
});
export type Served = v.InferOutput<typeof Served>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** The record of an answer, beside the person's events. */
export function servedRecord(served: Omit<Served, 'v'>) {
  return {
    key: composite(served.tenant_id, served.user_id),
    value: encoder.encode(JSON.stringify({ v: SERVED_VERSION, ...served })),
  };
}

/** Reads a record of `served`; null where it is none that is understood here: learning does without it. */
export function readServed(value: Uint8Array): Served | null {
  try {
    const result = v.safeParse(Served, JSON.parse(decoder.decode(value)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
