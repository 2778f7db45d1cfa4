-- Up Migration

-- Models of tenants in versions, as placements are kept.
CREATE TABLE models (
  tenant_id text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  content text NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  changed_at text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, model, version)
);

-- Down Migration

DROP TABLE models;
