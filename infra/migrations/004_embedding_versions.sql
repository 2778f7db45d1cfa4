-- Up Migration

-- The only switch between embedding versions: a tenant without a row has the version that is configured.
CREATE TABLE embedding_versions (
  tenant_id text COLLATE "C" NOT NULL PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  dimension integer NOT NULL,
  metric text NOT NULL,
  digest text NOT NULL
);

-- Down Migration

DROP TABLE embedding_versions;
