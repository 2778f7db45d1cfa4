-- Up Migration

-- Placements of tenants in versions; the content is JSON, which the contract reads. Moments are text as in the other tables.
CREATE TABLE placements (
  tenant_id text COLLATE "C" NOT NULL,
  placement text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  content text NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  changed_at text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, placement, version)
);

-- Down Migration

DROP TABLE placements;
