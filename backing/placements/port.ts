import type { PlacementContent, PlacementStatus } from '#contract/placement.ts';

/** A version of a tenant's placement, from 1 on. */
export type PlacementRow = {
  tenant_id: string;
  placement: string;
  version: number;
  status: PlacementStatus;
  content: PlacementContent;
  created_at: string;
  changed_at: string;
};

type Named = { tenant_id: string; placement: string };

/** So many placements a tenant may have. */
export const MOST_PLACEMENTS = 100;
/** So many versions of a placement are kept beside those that are live or shadow: the newest. */
export const VERSIONS_KEPT = 20;

/** The tenant has as many placements as it may. */
export class TooManyPlacements extends Error {
  readonly code = 'too_many_placements';
  readonly retryable = false;
  constructor() {
    super(`A tenant may have ${MOST_PLACEMENTS} placements: use one of those`);
  }
}

/**
 * The placements of tenants, in versions. Of each at most one version is live, and at most one shadow. Whoever moves one raises
 * the tenant's epoch afterwards.
 */
export interface Placements {
  /** All of a tenant, by placement and version. */
  of(tenant_id: string, signal: AbortSignal): Promise<PlacementRow[]>;
  /**
   * Adds the next version of a placement, as a candidate; where the newest is a candidate of the same content it is that one.
   * Throws TooManyPlacements.
   */
  add(made: Named & { content: PlacementContent; at: string }, signal: AbortSignal): Promise<PlacementRow>;
  /**
   * Gives a version another status; whichever had it, where only one may, is retired. Answers the version as it is then;
   * null where the tenant has none such.
   */
  move(
    moved: Named & { version: number; status: Exclude<PlacementStatus, 'candidate'>; at: string },
    signal: AbortSignal,
  ): Promise<PlacementRow | null>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
