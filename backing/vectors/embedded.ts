import type { DatabaseSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { type Campaign, isOn } from '#contract/campaign.ts';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import { type EmbeddingVersion, sameVersion } from '../embedder/port.ts';
import { embeddedForgotten, forgottenKey, forgottenSchema } from '../forgotten.ts';
import type { Place } from '../log/port.ts';
import { addColumn, scrub, transaction } from '../sqlite.ts';
import { dropOldMonths } from './embedded-retention.ts';
import { Matrix } from './matrix.ts';
import {
  type KeptMessage,
  type MessageHit,
  type MessageVector,
  type Vectors,
  VersionMismatch,
} from './port.ts';
import { quantise, restore } from './quantise.ts';

/** Messages have a rowid: rows of this length are long for a WITHOUT ROWID tree, and come in no order of its key. */
export const vectorsSchema = `
  CREATE TABLE IF NOT EXISTS message_vectors (
    version TEXT NOT NULL, tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, message_id TEXT NOT NULL,
    occurred_at TEXT NOT NULL, campaign_id TEXT, locale TEXT, place INTEGER NOT NULL, vector BLOB NOT NULL,
    lived_at TEXT NOT NULL DEFAULT '', accepted_at TEXT NOT NULL DEFAULT '',
    UNIQUE (version, tenant_id, user_id, message_id)
  );
  CREATE TABLE IF NOT EXISTS campaign_vectors (
    version TEXT NOT NULL, tenant_id TEXT NOT NULL, campaign_id TEXT NOT NULL,
    campaign_version INTEGER NOT NULL, campaign TEXT, vector BLOB,
    PRIMARY KEY (version, tenant_id, campaign_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS vector_versions (
    id TEXT NOT NULL PRIMARY KEY, dimension INTEGER NOT NULL, metric TEXT NOT NULL, digest TEXT NOT NULL
  ) WITHOUT ROWID;
  ${forgottenSchema}`;

/** How many tenants' vectors stay in memory, of each kind. */
const TENANTS_IN_MEMORY = 64;

/** The order of an identity's places as one number: `events` before `events.import`, then the offset. */
function rank({ topic, offset }: Place): number {
  return offset + (topic === topics.imports ? 2 ** 52 : 0);
}

function bytesOf(blob: unknown): Int8Array {
  const { buffer, byteOffset, byteLength } = blob as Uint8Array;
  return new Int8Array(buffer, byteOffset, byteLength);
}

function fits({ locales }: Campaign, locale: string | null): boolean {
  return locale === null || locales.length === 0 || locales.includes(locale);
}

const ALL_CAMPAIGNS = 'SELECT * FROM campaign_vectors ORDER BY version, tenant_id, campaign_id';
const ALL_MESSAGES = 'SELECT * FROM message_vectors ORDER BY version, tenant_id, user_id, message_id';

/** Vectors in SQLite, in bytes; those of the tenants last searched in memory, searched exactly. */
export function embeddedVectors(db: DatabaseSync): Vectors {
  addColumn(db, 'message_vectors', 'lived_at', "TEXT NOT NULL DEFAULT ''");
  // A message of an earlier build counts as accepted when this one first opens the file.
  addColumn(db, 'message_vectors', 'accepted_at', `TEXT NOT NULL DEFAULT '${new Date().toISOString()}'`);
  const forgotten = embeddedForgotten(db);
  const putMessage = db.prepare(`
    INSERT INTO message_vectors
      (version, tenant_id, user_id, message_id, occurred_at, campaign_id, locale, place, vector, lived_at, accepted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET occurred_at = excluded.occurred_at, campaign_id = excluded.campaign_id,
      locale = excluded.locale, place = excluded.place, vector = excluded.vector, lived_at = excluded.lived_at,
      accepted_at = excluded.accepted_at
    WHERE excluded.place < place`);
  const putCampaign = db.prepare(`
    INSERT INTO campaign_vectors (version, tenant_id, campaign_id, campaign_version, campaign, vector)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET campaign_version = excluded.campaign_version, campaign = excluded.campaign,
      vector = excluded.vector
    WHERE excluded.campaign_version > campaign_version`);
  const allVersions = db.prepare('SELECT id FROM vector_versions ORDER BY id');
  const personMessages = db.prepare(`
    SELECT version, message_id, occurred_at, campaign_id FROM message_vectors
    WHERE version = ? AND tenant_id = ? AND user_id = ? ORDER BY message_id LIMIT ?`);
  const forgetMessages = db.prepare(`
    DELETE FROM message_vectors WHERE version = ? AND tenant_id = ? AND user_id = ? AND lived_at <= ?
    RETURNING message_id`);
  const oneMessage = db.prepare(
    'SELECT vector FROM message_vectors WHERE version = ? AND tenant_id = ? AND user_id = ? AND message_id = ?',
  );
  const oneCampaign = db.prepare(
    'SELECT vector FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND campaign_id = ?',
  );
  const someCampaigns = db.prepare(`
    SELECT campaign_id, campaign_version, vector IS NULL AS deleted FROM campaign_vectors
    WHERE version = ? AND tenant_id = ? AND campaign_id IN (SELECT value FROM json_each(?))`);
  const tenantMessages = db.prepare(`
    SELECT user_id, message_id, campaign_id, occurred_at, vector FROM message_vectors
    WHERE version = ? AND tenant_id = ?`);
  const tenantCampaigns = db.prepare(
    'SELECT campaign_id, campaign, vector FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND vector IS NOT NULL',
  );

  const oneVersion = db.prepare('SELECT * FROM vector_versions WHERE id = ?');
  const putVersion = db.prepare(
    'INSERT INTO vector_versions (id, dimension, metric, digest) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  /** The versions of which there is anything. */
  const versions = new Map<string, EmbeddingVersion>();

  function stored(id: string): EmbeddingVersion | undefined {
    const known = versions.get(id);
    if (known) return known;
    const row = oneVersion.get(id) as EmbeddingVersion | undefined;
    if (row) versions.set(id, row);
    return row;
  }

  function check(version: EmbeddingVersion, vectors: readonly Float32Array[]): void {
    const { id, dimension } = version;
    if (!sameVersion(stored(id) ?? version, version))
      throw new VersionMismatch(`Embedding version ${id} is stored as one of another model`);
    const wrong = vectors.find(({ length }) => length !== dimension);
    if (wrong)
      throw new VersionMismatch(
        `Embedding version ${id} has ${dimension} dimensions, the vector ${wrong.length}`,
      );
  }

  /** Writes what makes rows of a version, which is kept with the first of them. */
  function write<Row>(version: EmbeddingVersion, run: () => Row[]): Row[] {
    return transaction(db, () => {
      putVersion.run(version.id, version.dimension, version.metric, version.digest);
      return run();
    });
  }

  const messages = new LRUCache<string, Matrix<Omit<MessageHit, 'similarity'>>>({ max: TENANTS_IN_MEMORY });
  const campaigns = new LRUCache<string, Matrix<Campaign>>({ max: TENANTS_IN_MEMORY });

  /** Which rows are of people who were forgotten after them; called in the transaction that writes. */
  function deadRows(): (row: MessageVector) => boolean {
    if (forgotten.isEmpty()) return () => false;
    return ({ tenant_id, user_id, lived_at }) =>
      lived_at <= (forgotten.at(forgottenKey(tenant_id, user_id)) ?? '');
  }

  function messagesOf({ id, dimension }: EmbeddingVersion, tenant_id: string) {
    const key = composite(id, tenant_id);
    const held = messages.get(key);
    if (held) return held;
    const matrix = new Matrix<Omit<MessageHit, 'similarity'>>(dimension);
    for (const row of tenantMessages.iterate(id, tenant_id)) {
      const [user_id, message_id] = [row.user_id as string, row.message_id as string];
      const [campaign_id, occurred_at] = [row.campaign_id as string | null, row.occurred_at as string];
      matrix.set(composite(user_id, message_id), bytesOf(row.vector), {
        user_id,
        message_id,
        campaign_id,
        occurred_at,
      });
    }
    messages.set(key, matrix);
    return matrix;
  }

  function campaignsOf({ id, dimension }: EmbeddingVersion, tenant_id: string) {
    const key = composite(id, tenant_id);
    const held = campaigns.get(key);
    if (held) return held;
    const matrix = new Matrix<Campaign>(dimension);
    for (const row of tenantCampaigns.iterate(id, tenant_id)) {
      matrix.set(
        row.campaign_id as string,
        bytesOf(row.vector),
        JSON.parse(row.campaign as string) as Campaign,
      );
    }
    campaigns.set(key, matrix);
    return matrix;
  }

  return {
    async putMessages(version, rows, signal) {
      signal.throwIfAborted();
      check(
        version,
        rows.map(({ vector }) => vector),
      );
      const changed = write(version, () => {
        const isForgotten = deadRows();
        return rows.flatMap((row) => {
          const {
            tenant_id,
            user_id,
            message_id,
            occurred_at,
            campaign_id,
            locale,
            lived_at,
            accepted_at,
            place,
          } = row;
          if (isForgotten(row)) return [];
          const bytes = quantise(row.vector);
          const key = [version.id, tenant_id, user_id, message_id] as const;
          const { changes } = putMessage.run(
            ...key,
            occurred_at,
            campaign_id,
            locale,
            rank(place),
            bytes,
            lived_at,
            accepted_at,
          );
          const meta = { user_id, message_id, campaign_id, occurred_at };
          return changes ? [{ tenant_id, bytes, meta }] : [];
        });
      });
      for (const { tenant_id, bytes, meta } of changed) {
        messages
          .peek(composite(version.id, tenant_id))
          ?.set(composite(meta.user_id, meta.message_id), bytes, meta);
      }
    },
    async putCampaigns(version, rows, signal) {
      signal.throwIfAborted();
      check(
        version,
        rows.flatMap((row) => (row.campaign ? [row.vector] : [])),
      );
      const changed = write(version, () =>
        rows.flatMap((row) => {
          const { tenant_id, campaign_id, campaign } = row;
          const bytes = row.campaign && quantise(row.vector);
          const key = [version.id, tenant_id, campaign_id] as const;
          const { changes } = putCampaign.run(
            ...key,
            row.version,
            campaign && JSON.stringify(campaign),
            bytes,
          );
          return changes ? [{ tenant_id, campaign_id, campaign, bytes }] : [];
        }),
      );
      for (const { tenant_id, campaign_id, campaign, bytes } of changed) {
        const matrix = campaigns.peek(composite(version.id, tenant_id));
        if (campaign && bytes) matrix?.set(campaign_id, bytes, campaign);
        else matrix?.delete(campaign_id);
      }
    },
    async forget(people, signal) {
      signal.throwIfAborted();
      const gone = transaction(db, () => {
        const ids = allVersions.all().map(({ id }) => id as string);
        return people.flatMap(({ tenant_id, user_id, forgotten_at }) => {
          const since = forgotten.remember(forgottenKey(tenant_id, user_id), forgotten_at);
          return ids.flatMap((id) =>
            forgetMessages.all(id, tenant_id, user_id, since).map(({ message_id }) => ({
              matrix: composite(id, tenant_id),
              row: composite(user_id, message_id as string),
            })),
          );
        });
      });
      for (const { matrix, row } of gone) messages.peek(matrix)?.delete(row);
      scrub(db);
    },
    async nearestCampaigns({ tenant_id, version, vectors, k, on_at_ms, locale }, signal) {
      signal.throwIfAborted();
      check(version, vectors);
      const matrix = campaignsOf(version, tenant_id);
      const wanted = (campaign: Campaign) => isOn(campaign, on_at_ms) && fits(campaign, locale);
      return vectors.map((vector) =>
        matrix
          .nearest(vector, k, wanted)
          .map(({ meta, similarity }) => ({ campaign_id: meta.campaign_id, similarity })),
      );
    },
    async nearestMessages({ tenant_id, version, vectors, k, about_campaigns, from, before }, signal) {
      signal.throwIfAborted();
      check(version, vectors);
      const matrix = messagesOf(version, tenant_id);
      const wanted = ({ campaign_id, occurred_at }: Omit<MessageHit, 'similarity'>) =>
        from <= occurred_at && occurred_at < before && !(about_campaigns && campaign_id === null);
      return vectors.map((vector) =>
        matrix.nearest(vector, k, wanted).map(({ meta, similarity }) => ({ ...meta, similarity })),
      );
    },
    async campaignsExactly({ version, vectors }, _scan, signal) {
      signal.throwIfAborted();
      check(version, vectors);
      return null;
    },
    async messagesExactly({ version, vectors }, _scan, signal) {
      signal.throwIfAborted();
      check(version, vectors);
      return null;
    },
    async messages(version, tenant_id, user_id, message_ids, signal) {
      signal.throwIfAborted();
      check(version, []);
      return message_ids.map((message_id) => {
        const row = oneMessage.get(version.id, tenant_id, user_id, message_id);
        return row ? restore(bytesOf(row.vector)) : null;
      });
    },
    async campaign(version, tenant_id, campaign_id, signal) {
      signal.throwIfAborted();
      check(version, []);
      const row = oneCampaign.get(version.id, tenant_id, campaign_id);
      return row?.vector ? restore(bytesOf(row.vector)) : null;
    },
    async campaignVersions(version, tenant_id, campaign_ids, signal) {
      signal.throwIfAborted();
      check(version, []);
      return someCampaigns.all(version.id, tenant_id, JSON.stringify(campaign_ids)).map((row) => ({
        campaign_id: row.campaign_id as string,
        version: row.campaign_version as number,
        deleted: row.deleted === 1,
      }));
    },
    async messagesOf({ tenant_id, user_id }, most, signal) {
      signal.throwIfAborted();
      const found: KeptMessage[] = [];
      // Each version by itself, as the index has them.
      for (const { id } of allVersions.all()) {
        const left = most - found.length;
        found.push(...(personMessages.all(id as string, tenant_id, user_id, left) as KeptMessage[]));
      }
      return found;
    },
    async dropBefore(old, signal) {
      const dropped = await dropOldMonths(db, old, signal);
      if (!old.dry_run) messages.clear();
      return dropped;
    },
    async *dump() {
      const text = (blob: unknown) => (blob ? Buffer.from(blob as Uint8Array).toString('base64') : null);
      for (const r of db.prepare(ALL_CAMPAIGNS).iterate()) {
        const key = composite(
          'campaign',
          r.version as string,
          r.tenant_id as string,
          r.campaign_id as string,
        );
        yield `${key} ${composite(r.campaign as string | null, text(r.vector))}`;
      }
      yield* forgotten.dump();
      for (const r of db.prepare(ALL_MESSAGES).iterate()) {
        const key = composite(
          'message',
          r.version as string,
          r.tenant_id as string,
          r.user_id as string,
          r.message_id as string,
        );
        yield `${key} ${composite(r.occurred_at as string, r.campaign_id as string | null, r.locale as string | null, text(r.vector))}`;
      }
    },
  };
}
