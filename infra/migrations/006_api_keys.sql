-- Up Migration

-- API keys without their secrets. Moments are text as the contract writes them, in UTC with milliseconds, so that
-- they compare as bytes. An ended key stays, so that a list can tell what it was.
CREATE TABLE api_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  tenant_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  scopes text NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  expires_at text COLLATE "C",
  revoked_at text COLLATE "C",
  pepper text NOT NULL,
  digest text NOT NULL
);
CREATE INDEX api_keys_of_tenant ON api_keys (tenant_id, key_id);

-- Down Migration

DROP TABLE api_keys;
