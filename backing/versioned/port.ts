import type { ModelContent } from '#contract/model.ts';
import type { PlacementContent } from '#contract/placement.ts';
import type { VersionStatus } from '#contract/versioned.ts';

/** What a tenant has under a name, in versions from 1 on. */
type Version = {
  tenant_id: string;
  name: string;
  version: number;
  status: VersionStatus;
  created_at: string;
  changed_at: string;
};

/** A version with what it holds. */
export type VersionRow<Content> = Version & { content: Content };

type Named = { tenant_id: string; name: string };

/** The tenant has as many as it may. */
export class TooMany extends Error {
  readonly code = 'too_many';
  readonly retryable = false;
  constructor(things: string, most: number) {
    super(`A tenant may have ${most} ${things}: use one of those`);
  }
}

/**
 * What tenants have in versions: of each name at most one version is live, and at most one shadow. Whoever moves one raises the
 * tenant's epoch afterwards.
 */
export interface Versioned<Content> {
  /** So many names a tenant may have. */
  readonly most: number;
  /** So many versions of each are kept beside those that are live or shadow: the newest. */
  readonly kept: number;
  /** All of a tenant without what they hold, by name and version. */
  list(tenant_id: string, signal: AbortSignal): Promise<Version[]>;
  /** All of a tenant, or of one name, or those that are live or shadow, by name and version. */
  of(
    tenant_id: string,
    which: { name?: string; serving?: true },
    signal: AbortSignal,
  ): Promise<VersionRow<Content>[]>;
  /**
   * Adds the next version under a name, as a candidate; where the newest is a candidate that holds the same it is that one.
   * Throws TooMany.
   */
  add(made: Named & { content: Content; at: string }, signal: AbortSignal): Promise<VersionRow<Content>>;
  /**
   * Gives a version another status; whichever had it, where only one may, is retired. Answers the version as it is then;
   * null where the tenant has none such.
   */
  move(
    moved: Named & { version: number; status: Exclude<VersionStatus, 'candidate'>; at: string },
    signal: AbortSignal,
  ): Promise<VersionRow<Content> | null>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}

/** The placements of tenants. */
export type Placements = Versioned<PlacementContent>;
/** What ranks for them. */
export type Models = Versioned<ModelContent>;
