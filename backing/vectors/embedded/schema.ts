import { forgottenSchema } from '../../forgotten.ts';

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

/** The bytes of a vector as they stand in a row. */
export function bytesOf(blob: unknown): Int8Array {
  const { buffer, byteOffset, byteLength } = blob as Uint8Array;
  return new Int8Array(buffer, byteOffset, byteLength);
}
