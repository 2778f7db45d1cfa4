import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import { embeddedForgotten, forgottenKey } from '../../forgotten.ts';
import type { Place } from '../../log/port.ts';
import { addColumn, scrub, transaction } from '../../sqlite.ts';
import type { KeptMessage, MessageHit, MessageSearch, MessageVector, Vectors } from '../port.ts';
import { quantiseFinely, restore } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { dropOldMonths } from './drop-old.ts';
import { heldMatrices } from './held-matrices.ts';
import { fineOf } from './schema.ts';
import type { StoredVersions } from './stored-versions.ts';

type Meta = Omit<MessageHit, 'similarity'>;

/** The order of an identity's places as one number: `events` before `events.import`, then the offset. */
function rank({ topic, offset }: Place): number {
  return offset + (topic === topics.imports ? 2 ** 52 : 0);
}

function fitting({
  about_campaigns,
  from,
  before,
}: Pick<MessageSearch, 'about_campaigns' | 'from' | 'before'>) {
  return ({ campaign_id, occurred_at }: Meta) =>
    from <= occurred_at && occurred_at < before && !(about_campaigns && campaign_id === null);
}

/** What the port promises of messages. */
export function messageVectors(
  db: DatabaseSync,
  versions: StoredVersions,
  arena: Arena,
): Pick<
  Vectors,
  | 'putMessages'
  | 'forget'
  | 'nearestMessages'
  | 'messagesExactly'
  | 'messages'
  | 'messagesOfMany'
  | 'messagesOf'
  | 'dropBefore'
> & { letGo(): void } {
  addColumn(db, 'message_vectors', 'lived_at', "TEXT NOT NULL DEFAULT ''");
  // A message of an earlier build counts as accepted when this one first opens the file.
  addColumn(db, 'message_vectors', 'accepted_at', `TEXT NOT NULL DEFAULT '${new Date().toISOString()}'`);
  const forgotten = embeddedForgotten(db);
  const put = db.prepare(`
    INSERT INTO message_vectors
      (version, tenant_id, user_id, message_id, occurred_at, campaign_id, locale, place, vector, rest, lived_at, accepted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET occurred_at = excluded.occurred_at, campaign_id = excluded.campaign_id,
      locale = excluded.locale, place = excluded.place, vector = excluded.vector, rest = excluded.rest,
      lived_at = excluded.lived_at, accepted_at = excluded.accepted_at
    WHERE excluded.place < place
    RETURNING rowid`);
  const forgetPerson = db.prepare(`
    DELETE FROM message_vectors WHERE version = ? AND tenant_id = ? AND user_id = ? AND lived_at <= ?
    RETURNING rowid`);
  const ofPerson = db.prepare(`
    SELECT version, message_id, occurred_at, campaign_id FROM message_vectors
    WHERE version = ? AND tenant_id = ? AND user_id = ? ORDER BY message_id LIMIT ?`);
  const one = db.prepare(
    'SELECT vector, rest FROM message_vectors WHERE version = ? AND tenant_id = ? AND user_id = ? AND message_id = ?',
  );
  const ofTenant = db.prepare(`
    SELECT rowid, user_id, message_id, campaign_id, occurred_at, vector, rest FROM message_vectors
    WHERE version = ? AND tenant_id = ?`);

  /** Which rows are of people who were forgotten after them; called in the transaction that writes. */
  function deadRows(): (row: MessageVector) => boolean {
    if (forgotten.isEmpty()) return () => false;
    return ({ tenant_id, user_id, lived_at }) =>
      lived_at <= (forgotten.at(forgottenKey(tenant_id, user_id)) ?? '');
  }

  const held = heldMatrices<number, Meta, MessageHit>({
    arena,
    orderOf: ({ user_id, message_id }) => composite(user_id, message_id),
    hitOf: (meta, similarity) => ({ ...meta, similarity }),
    *rows({ id }, tenant_id) {
      for (const { rowid, vector, rest, ...meta } of ofTenant.iterate(id, tenant_id))
        yield [rowid as number, fineOf({ vector, rest }), meta as Meta];
    },
  });

  return {
    async putMessages(version, rows, signal) {
      signal.throwIfAborted();
      versions.check(
        version,
        rows.map(({ vector }) => vector),
      );
      const changed = versions.write(version, () => {
        const isForgotten = deadRows();
        return rows.flatMap((row) => {
          const { tenant_id, user_id, message_id, occurred_at, campaign_id } = row;
          if (isForgotten(row)) return [];
          const vector = quantiseFinely(row.vector);
          const written = put.get(
            ...[version.id, tenant_id, user_id, message_id, occurred_at, campaign_id, row.locale],
            ...[rank(row.place), vector.bytes, vector.rest, row.lived_at, row.accepted_at],
          );
          const meta = { user_id, message_id, campaign_id, occurred_at };
          return written ? [{ tenant_id, rowid: written.rowid as number, vector, meta }] : [];
        });
      });
      for (const { tenant_id, rowid, vector, meta } of changed)
        held.change(version.id, tenant_id, (matrix) => matrix.set(rowid, vector, meta));
    },
    async forget(people, signal) {
      signal.throwIfAborted();
      const gone = transaction(db, () => {
        const ids = versions.ids();
        return people.flatMap(({ tenant_id, user_id, forgotten_at }) => {
          const since = forgotten.remember(forgottenKey(tenant_id, user_id), forgotten_at);
          return ids.flatMap((id) =>
            forgetPerson
              .all(id, tenant_id, user_id, since)
              .map(({ rowid }) => ({ id, tenant_id, rowid: rowid as number })),
          );
        });
      });
      for (const { id, tenant_id, rowid } of gone)
        held.change(id, tenant_id, (matrix) => matrix.delete(rowid));
      scrub(db);
    },
    async nearestMessages({ tenant_id, version, vectors, k, ...filter }, signal) {
      signal.throwIfAborted();
      versions.check(version, vectors);
      return held.of(version, tenant_id).nearest(vectors, k, fitting(filter));
    },
    async messagesExactly({ version, vectors }, _scan, signal) {
      signal.throwIfAborted();
      versions.check(version, vectors);
      return null;
    },
    async messages(version, tenant_id, user_id, message_ids, signal) {
      signal.throwIfAborted();
      versions.check(version, []);
      return message_ids.map((message_id) => {
        const row = one.get(version.id, tenant_id, user_id, message_id);
        return row ? restore(fineOf(row)) : null;
      });
    },
    async messagesOfMany(version, tenant_id, asked, signal) {
      signal.throwIfAborted();
      versions.check(version, []);
      return asked.map(({ user_id, message_id }) => {
        const row = one.get(version.id, tenant_id, user_id, message_id);
        return row ? restore(fineOf(row)) : null;
      });
    },
    async messagesOf({ tenant_id, user_id }, most, signal) {
      signal.throwIfAborted();
      const found: KeptMessage[] = [];
      // Each version by itself, as the index has them.
      for (const id of versions.ids()) {
        const left = most - found.length;
        found.push(...(ofPerson.all(id, tenant_id, user_id, left) as KeptMessage[]));
      }
      return found;
    },
    async dropBefore(old, signal) {
      const dropped = await dropOldMonths(db, old, signal);
      if (!old.dry_run) held.clear();
      return dropped;
    },
    letGo: held.clear,
  };
}
