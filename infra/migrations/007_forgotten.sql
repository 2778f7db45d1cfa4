-- Up Migration

-- Who was forgotten, by what nobody can tell their id from, and since when. It is remembered for good: an event of
-- theirs from before may come at any time, from an import, a retry or a replay.
CREATE TABLE forgotten (
  key text COLLATE "C" PRIMARY KEY,
  forgotten_at text COLLATE "C" NOT NULL
);

-- How far each deletion is, a row a store. The person is named until the store is done with them, and no longer;
-- what they are known by afterwards is as above. Where its record stands on the log tells which views have read it.
CREATE TABLE deletions (
  deletion_id text COLLATE "C" NOT NULL,
  store text COLLATE "C" NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  user_id text COLLATE "C",
  forgotten_at text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  log_offset bigint NOT NULL,
  done_at text COLLATE "C",
  PRIMARY KEY (deletion_id, store)
);
CREATE INDEX deletions_open ON deletions (store, forgotten_at, deletion_id) WHERE done_at IS NULL;
CREATE INDEX deletions_of_key ON deletions (key);

-- Down Migration

DROP TABLE deletions;
DROP TABLE forgotten;
