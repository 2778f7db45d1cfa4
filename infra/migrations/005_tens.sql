-- Up Migration

-- Counts by ten minutes, for what goes on just now; summed up from shards as the days are.
CREATE TABLE tens (
  tenant_id text COLLATE "C" NOT NULL,
  ten text COLLATE "C" NOT NULL,
  campaign_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (tenant_id, ten, campaign_id, type, shard)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Down Migration

DROP TABLE tens;
