import type { DatabaseSync } from 'node:sqlite';
import { forgottenSchema } from '../../forgotten.ts';
import { addColumn } from '../../sqlite.ts';
import type { Fine } from '../quantise.ts';

/** Messages have a rowid: rows of this length are long for a WITHOUT ROWID tree, and come in no order of its key. */
export const vectorsSchema = `
  CREATE TABLE IF NOT EXISTS message_vectors (
    version TEXT NOT NULL, tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, message_id TEXT NOT NULL,
    occurred_at TEXT NOT NULL, campaign_id TEXT, locale TEXT, place INTEGER NOT NULL, vector BLOB NOT NULL,
    lived_at TEXT NOT NULL DEFAULT '', accepted_at TEXT NOT NULL DEFAULT '', rest BLOB,
    UNIQUE (version, tenant_id, user_id, message_id)
  );
  CREATE TABLE IF NOT EXISTS campaign_vectors (
    version TEXT NOT NULL, tenant_id TEXT NOT NULL, campaign_id TEXT NOT NULL,
    campaign_version INTEGER NOT NULL, campaign TEXT, vector BLOB, rest BLOB,
    PRIMARY KEY (version, tenant_id, campaign_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS vector_versions (
    id TEXT NOT NULL PRIMARY KEY, dimension INTEGER NOT NULL, metric TEXT NOT NULL, digest TEXT NOT NULL
  ) WITHOUT ROWID;
  ${forgottenSchema}`;

/** What an earlier build did not write is missing. */
export function addRests(db: DatabaseSync): void {
  addColumn(db, 'message_vectors', 'rest', 'BLOB');
  addColumn(db, 'campaign_vectors', 'rest', 'BLOB');
}

const NONE = new Int8Array();

function bytesOf(blob: unknown): Int8Array {
  if (!blob) return NONE;
  const { buffer, byteOffset, byteLength } = blob as Uint8Array;
  return new Int8Array(buffer, byteOffset, byteLength);
}

/** The vector of a row. */
export function fineOf({ vector, rest }: Record<string, unknown>): Fine {
  return { bytes: bytesOf(vector), rest: bytesOf(rest) };
}
