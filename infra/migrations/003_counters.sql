-- Up Migration

-- What was counted, in a partition a month of acceptance, so that old ones leave by DROP TABLE. An identity is
-- unique in each partition; over all of them it is so by the lock on the person's row in profiles.
CREATE TABLE identities (
  identity text COLLATE "C" NOT NULL,
  content text COLLATE "C" NOT NULL,
  accepted_at timestamptz NOT NULL
) PARTITION BY RANGE (accepted_at);

-- Makes the partition of the month (UTC) that a moment falls in, unless it is there. It is made as a table of its
-- own and then attached, since CREATE TABLE … PARTITION OF would shut out all writers.
CREATE FUNCTION make_identities_partition(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first timestamp NOT NULL := date_trunc('month', moment AT TIME ZONE 'UTC');
  partition name NOT NULL := to_char(first, '"identities_"YYYY_MM');
BEGIN
  -- What ATTACH takes as well: one maker at a time, and beside any number of writers.
  LOCK TABLE identities IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE identities INCLUDING ALL, PRIMARY KEY (identity))', partition);
  EXECUTE format(
    'ALTER TABLE identities ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
    partition, first AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC'
  );
END $$;

SELECT make_identities_partition(now() + make_interval(months => ahead)) FROM generate_series(0, 2) AS ahead;

-- Days are text, since the contract has a year 0 and the type date has none. A count is the sum of its shards:
-- each connection adds to one of them, so that few wait for each other at a popular campaign.
CREATE TABLE daily (
  tenant_id text COLLATE "C" NOT NULL,
  day text COLLATE "C" NOT NULL,
  campaign_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  locale text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, campaign_id, type, locale, shard)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE imported (
  tenant_id text COLLATE "C" PRIMARY KEY,
  newest text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);

-- Down Migration

DROP TABLE imported;
DROP TABLE daily;
DROP FUNCTION make_identities_partition;
DROP TABLE identities;
