import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase, transaction } from '#backing/sqlite.ts';
import { temporaryFolder } from '../support/folder.ts';

const schema = 'CREATE TABLE IF NOT EXISTS thing (name TEXT NOT NULL)';

function open(file = ':memory:', synchronous: 'full' | 'normal' = 'normal') {
  const db = openDatabase(file, { synchronous, schema });
  onTestFinished(() => void (db.isOpen && db.close()));
  return {
    db,
    add: (name: string | null) => db.prepare('INSERT INTO thing VALUES (?)').run(name),
    names: () =>
      db
        .prepare('SELECT name FROM thing')
        .all()
        .map(({ name }) => name),
  };
}

test('a database is opened in WAL with the level asked for, and opened again with what was in it', async () => {
  const file = join(await temporaryFolder(), 'some.db');
  const first = open(file, 'full');
  expect(first.db.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  expect(first.db.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
  first.add('kept');
  first.db.close();
  const second = open(file, 'normal');
  expect(second.db.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 1 });
  expect(second.names()).toEqual(['kept']);
});

test('a transaction that throws leaves nothing, and throws what was thrown', () => {
  const { db, add, names } = open();
  const failure = new Error('half-way');
  const run = () => {
    add('one');
    throw failure;
  };
  expect(() => transaction(db, run)).toThrow(failure);
  expect(() => transaction(db, () => [add('one'), add(null)])).toThrow(/NOT NULL/);
  expect(transaction(db, () => add('two').changes)).toBe(1);
  expect(names()).toEqual(['two']);
});

test('a transaction inside another one is refused, and does not end the outer one half-way', () => {
  const { db, add, names } = open();
  const nested = () => {
    add('outer');
    transaction(db, () => add('inner'));
  };
  expect(() => transaction(db, nested)).toThrow(/within a transaction/);
  expect(names()).toEqual([]);
});

test('what is no database is refused, and can be removed at once', async () => {
  const folder = await temporaryFolder();
  expect(() => open(join(folder, 'missing', 'some.db'))).toThrow(/unable to open/);
  const file = join(folder, 'some.db');
  expect(() => openDatabase(file, { synchronous: 'full', schema: 'CREATE nonsense' })).toThrow(/syntax/);
  expect(existsSync(`${file}-wal`)).toBe(false);
});
