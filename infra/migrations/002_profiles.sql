-- Up Migration

-- A row a person. It is also what a batch locks before it looks at anything of theirs, so it is there for
-- people without a profile as well: those have null. Room is left in each page for the next version of a row.
CREATE TABLE profiles (
  tenant_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  profile text COMPRESSION lz4,
  PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Down Migration

DROP TABLE profiles;
