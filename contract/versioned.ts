import * as v from 'valibot';

/**
 * Where a version of a placement or a model is in its life: a candidate answers nobody; a shadow ranks beside the live one and
 * is compared with it; the live one answers; a retired one did, and may again.
 */
const VersionStatus = v.picklist(['candidate', 'shadow', 'live', 'retired']);
export type VersionStatus = v.InferOutput<typeof VersionStatus>;

/** The body of `POST /v1/admin/placements/{placement}` and `…/models/{model}`. */
export const MoveVersion = v.strictObject({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  status: v.picklist(['shadow', 'live', 'retired']),
});

/** What is told of every version, besides its name and what it holds. */
export const versionFields = {
  version: v.pipe(v.number(), v.integer(), v.minValue(0)),
  status: VersionStatus,
  created_at: v.nullable(v.string()),
  changed_at: v.nullable(v.string()),
};
