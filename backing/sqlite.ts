import { DatabaseSync } from 'node:sqlite';

export type DatabaseOptions = {
  /**
   * `full`: a transaction that has committed survives the loss of power. `normal`: it survives the death of
   * the process, but the last ones may be lost with the power; the database stays whole either way.
   */
  synchronous: 'full' | 'normal';
  /** SQL that may be run again over its own result: `CREATE … IF NOT EXISTS`. */
  schema: string;
};

const BUSY_MS = 5_000;
const CACHE_KIB = 8 * 1024;
const MMAP_BYTES = 64 * 1024 * 1024;
const WAL_BYTES = 64 * 1024 * 1024;

/**
 * Opens a database file in WAL, made if it is not there yet; `:memory:` opens an empty one that lives until it
 * is closed. Throws SQLite's own error, and leaves nothing open, where the file or the schema is no good.
 */
export function openDatabase(file: string, { synchronous, schema }: DatabaseOptions): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    db.exec(`
      PRAGMA journal_mode = wal;
      PRAGMA synchronous = ${synchronous};
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA mmap_size = ${MMAP_BYTES};
      PRAGMA journal_size_limit = ${WAL_BYTES};
      PRAGMA temp_store = memory;
      PRAGMA secure_delete = on;
    `);
    db.exec(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Sees to it that what was deleted stands nowhere in the files: pages are overwritten where they are deleted from, and
 * the write-ahead log, which has them as they were, is emptied into the database.
 */
export function scrub(db: DatabaseSync): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Adds a column to a table of an earlier build, which has none of that name. */
export function addColumn(db: DatabaseSync, table: string, name: string, kind: string): void {
  const has = db.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(table, name);
  if (!has) db.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${kind}`);
}

/**
 * Runs a function in a transaction that may write from its first statement on: committed when it returns,
 * rolled back when it throws. The function must not be async, and transactions do not nest.
 */
export function transaction<T>(db: DatabaseSync, run: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself has rolled back after some failures (a full disk), and a second rollback would hide which.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
