import { composite } from '#contract/ids.ts';
import type { Kind } from './kinds.ts';
import type { VersionRow } from './port.ts';

/** A version as it stands in a table: what it holds as JSON. */
export type Stored = VersionRow<string>;

/** The columns of a kind's table, as they are written; and as they are read, whatever the table calls its names. */
export const columnsOf = ({ one }: Kind<unknown>) => ({
  written: `tenant_id, ${one}, version, status, content, created_at, changed_at`,
  read: `tenant_id, ${one} AS name, version, status, content, created_at, changed_at`,
  listed: `tenant_id, ${one} AS name, version, status, created_at, changed_at`,
});

export function rowOf<Content>({ read }: Kind<Content>, { content, ...row }: Stored): VersionRow<Content> {
  return { ...row, content: read(JSON.parse(content)) };
}

/** Whether a version is a candidate that holds this. */
export function isSame({ status, content }: Stored, text: string): boolean {
  return status === 'candidate' && content === text;
}

/** A version as text that sorts by number. */
export const versionKey = (version: number) => String(version).padStart(10, '0');

export function lineOf({ one }: Kind<unknown>, { tenant_id, name, version, ...rest }: Stored): string {
  return `${composite(one, tenant_id, name, versionKey(version))} ${JSON.stringify(rest)}`;
}
