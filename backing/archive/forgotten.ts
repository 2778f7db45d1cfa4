import type { Objects } from '#backing/objects/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import { type DeletionEnvelope, type EventEnvelope, isDeletion } from '#contract/envelope.ts';
import { composite } from '#contract/ids.ts';
import { DELETION_TYPE } from './columns.ts';
import { bytesOf } from './files.ts';
import { rowsIn } from './parquet.ts';
import type { Archivable, ArchiveEntry } from './port.ts';

/** What of a record tells whose it is, and when it was; null where it could not be read. */
type Told = {
  key: string;
  tenant_id: string | null | undefined;
  user_id: string | null | undefined;
  type: string | null | undefined;
  accepted_ms: number | null;
  occurred_ms: number | null;
  appended_ms: number;
};

/** Tells which records are to be forgotten. */
export type Forgetting = {
  /** Whether a record is not. */
  keeps(row: Archivable): boolean;
  /** Whether any row of an entry's files is. Throws ArchiveDamaged. */
  isIn(entry: Pick<ArchiveEntry, 'files'>, objects: Objects, signal: AbortSignal): Promise<boolean>;
  /** Whether any row of a file is. Throws ArchiveDamaged. */
  isInFile(key: string, bytes: Uint8Array): Promise<boolean>;
};

type Row = {
  key: string;
  tenant_id: string | null;
  user_id: string | null;
  type: string | null;
  accepted_at: Date | null;
  occurred_at: Date | null;
  appended_at: Date;
};
const READ = ['key', 'tenant_id', 'user_id', 'type', 'accepted_at', 'occurred_at', 'appended_at'] as const;

export function forgettingOf(people: readonly Forgotten[]): Forgetting {
  const until_ms = new Map<string, number>();
  for (const { tenant_id, user_id, forgotten_at } of people) {
    const who = composite(tenant_id, user_id);
    until_ms.set(who, Math.max(until_ms.get(who) ?? 0, Date.parse(forgotten_at)));
  }

  const isForgotten = (told: Told): boolean => {
    const { key, tenant_id, user_id, type, accepted_ms, occurred_ms, appended_ms } = told;
    // That somebody was forgotten has to stay: a view that is built anew would not know it.
    if (type === DELETION_TYPE) return false;
    const isRead = typeof tenant_id === 'string' && typeof user_id === 'string';
    const until = until_ms.get(isRead ? composite(tenant_id, user_id) : key);
    if (until === undefined) return false;
    return (accepted_ms ?? appended_ms) <= until || (occurred_ms ?? appended_ms) <= until;
  };
  const isRow = ({ accepted_at, occurred_at, appended_at, ...row }: Row) =>
    isForgotten({
      ...row,
      accepted_ms: accepted_at?.getTime() ?? null,
      occurred_ms: occurred_at?.getTime() ?? null,
      appended_ms: appended_at.getTime(),
    });

  async function isInFile(key: string, bytes: Uint8Array): Promise<boolean> {
    for await (const rows of rowsIn<Row>(key, bytes, READ)) if (rows.some(isRow)) return true;
    return false;
  }

  return {
    keeps({ record: { key, appended_ms }, envelope }) {
      const personal = envelope as EventEnvelope | DeletionEnvelope | null;
      if (personal && isDeletion(personal)) return true;
      const read = personal;
      return !isForgotten({
        key,
        appended_ms,
        tenant_id: read?.tenant_id,
        user_id: read?.event.user_id,
        type: read?.event.type,
        accepted_ms: read ? Date.parse(read.accepted_at) : null,
        occurred_ms: read ? Date.parse(read.event.occurred_at) : null,
      });
    },
    async isIn({ files }, objects, signal) {
      for (const file of files) {
        signal.throwIfAborted();
        if (await isInFile(file.key, await bytesOf(objects, file, signal))) return true;
      }
      return false;
    },
    isInFile,
  };
}
