import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { LogRecord } from '#backing/log/port.ts';
import { transaction } from '#backing/sqlite.ts';
import { BadEnvelope, isDeletion, readCampaign, readPersonal } from '#contract/envelope.ts';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import type { Archive } from './port.ts';

const SCHEMA = `
  PRAGMA journal_mode = off;
  PRAGMA cache_size = -16384;
  CREATE TABLE line (
    kind TEXT, tenant_id TEXT, owner TEXT, id TEXT, digest TEXT, place INTEGER, content TEXT,
    PRIMARY KEY (kind, tenant_id, owner, id, digest)
  ) WITHOUT ROWID`;

/** A campaign is its newest record, by its place in its partition; anything else is a set. */
const PUT = `
  INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET place = excluded.place, content = excluded.content
  WHERE kind = 'campaign' AND excluded.place > line.place`;

const BATCH = 1_000;

/** The lines of a dump. They are sorted by SQLite in a file without a name, which goes with it. */
export async function* dumpOf({
  partitions,
  records,
}: Pick<Archive, 'partitions' | 'records'>): AsyncGenerator<string> {
  const { signal } = new AbortController();
  const db = new DatabaseSync('');
  try {
    db.exec(SCHEMA);
    const put = db.prepare(PUT);
    const write = (rows: LogRecord[]) => {
      transaction(db, () => {
        for (const record of rows) put.run(...lineOf(record));
      });
    };
    for await (const partition of partitions(signal)) {
      let rows: LogRecord[] = [];
      for await (const record of records(partition, signal)) {
        if (rows.push(record) < BATCH) continue;
        write(rows);
        rows = [];
      }
      write(rows);
    }
    for (const { kind, tenant_id, owner, id, digest, content } of db
      .prepare('SELECT * FROM line ORDER BY 1, 2, 3, 4, 5')
      .iterate()) {
      // What a kind has no part of is empty, which no id is.
      const key = [kind, tenant_id, owner, id, digest].filter((part) => part !== '');
      yield `${composite(...(key as string[]))} ${content}`;
    }
  } finally {
    db.close();
  }
}

const digestOf = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

function lineOf({ topic, offset, value }: LogRecord): SQLInputValue[] {
  try {
    if (topic === topics.campaigns) {
      const { tenant_id, campaign_id, campaign } = readCampaign(value);
      return ['campaign', tenant_id, '', campaign_id, '', offset, JSON.stringify(campaign)];
    }
    const envelope = readPersonal(value);
    const { tenant_id } = envelope;
    if (isDeletion(envelope)) {
      const content = JSON.stringify({ accepted_at: envelope.accepted_at, ...envelope.deletion });
      return [
        'deletion',
        tenant_id,
        envelope.deletion.user_id,
        envelope.deletion.deletion_id,
        '',
        offset,
        content,
      ];
    }
    const { event } = envelope;
    const content = JSON.stringify(event);
    return ['event', tenant_id, event.user_id, event.message_id, digestOf(content), offset, content];
  } catch (error) {
    if (!(error instanceof BadEnvelope)) throw error;
    return ['unreadable', '', '', '', digestOf(value), offset, Buffer.from(value).toString('base64')];
  }
}
