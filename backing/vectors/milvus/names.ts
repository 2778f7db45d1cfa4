import { createHash } from 'node:crypto';
import { composite } from '#contract/ids.ts';

/** A collection of this store, as its name tells. Of messages: those of a month, or all before one. */
export type Named =
  | { kind: 'campaigns'; name: string; version: string }
  | { kind: 'month' | 'history'; name: string; version: string; month: string };

/** Longest part of a version's id that is readable in a name. */
const READABLE = 40;

/** An embedding version's id as a part of a name: never the same for two of them. */
export function versionPart(id: string): string {
  const readable = id.replace(/[^A-Za-z0-9]/g, '_').slice(0, READABLE);
  return `${readable}_${createHash('sha256').update(id).digest('hex').slice(0, 10)}`;
}

/**
 * The collection of a message, by nothing but its `occurred_at` and a month that is configured: by a clock, the
 * same row would belong to another collection each time that it is replayed, and come back after its month was
 * dropped. The month stands in the name of the history, so that where it was configured anew, both are read.
 */
export function messagesName(
  prefix: string,
  id: string,
  occurred_at: string,
  history_before: string,
): string {
  const month = occurred_at.slice(0, 7);
  const part = month < history_before ? `before_${history_before}` : `in_${month}`;
  return `${prefix}_messages_${versionPart(id)}_${part.replace('-', '_')}`;
}

export function campaignsName(prefix: string, id: string): string {
  return `${prefix}_campaigns_${versionPart(id)}`;
}

/** Who was forgotten; no version has it, and no list of versions names it. */
export function forgottenName(prefix: string): string {
  return `${prefix}_forgotten`;
}

const NAME = /^_(campaigns|messages)_([A-Za-z0-9_]*_[0-9a-f]{10})(?:_(in|before)_(\d{4})_(\d\d))?$/;

/** What a name says, or null for one of somebody else. `version` is the version's part. */
export function parseName(prefix: string, name: string): Named | null {
  const parts = name.startsWith(prefix) ? NAME.exec(name.slice(prefix.length)) : null;
  const [, of, version, which, year, month] = parts ?? [];
  if (of === 'campaigns' && version && !which) return { kind: 'campaigns', name, version };
  if (of !== 'messages' || !version || !which) return null;
  return { kind: which === 'in' ? 'month' : 'history', name, version, month: `${year}-${month}` };
}

/** True where messages from one moment to before another may stand in a collection. */
export function holds(collection: Named, from: string, before: string): boolean {
  if (collection.kind === 'campaigns') return false;
  const { kind, month } = collection;
  // A month sorts before its own moments, and with a tilde after them.
  return kind === 'history' ? from < month : from < `${month}~` && month < before;
}

/** An identity as a primary key: 128 bits of a hash, since two ids of 128 characters are no good key. */
export function keyOf(...identity: string[]): string {
  return createHash('sha256')
    .update(composite(...identity))
    .digest('hex')
    .slice(0, 32);
}
