import { composite } from '#contract/ids.ts';
import type { PlacementRow } from './port.ts';

/** A version as it stands in a table: its content as JSON. */
export type StoredPlacement = Omit<PlacementRow, 'content'> & { content: string };

export const COLUMNS = 'tenant_id, placement, version, status, content, created_at, changed_at';

export function placementOf({ content, ...row }: StoredPlacement): PlacementRow {
  // Versions from before there were such rules have none.
  return { ...row, content: { frequency_caps: [], ...JSON.parse(content) } };
}

/** Whether a version is a candidate of this content. */
export function isSame({ status, content }: StoredPlacement, text: string): boolean {
  return status === 'candidate' && content === text;
}

/** A version as text that sorts by number. */
export const versionKey = (version: number) => String(version).padStart(10, '0');

export function lineOf({ tenant_id, placement, version, ...rest }: StoredPlacement): string {
  return `${composite('placement', tenant_id, placement, versionKey(version))} ${JSON.stringify(rest)}`;
}
