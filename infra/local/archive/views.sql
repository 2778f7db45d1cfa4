-- {folder} is where the files stand. What has no message_id, or campaign_id, could not be read.

-- As it was on the log: what was sent twice stands there twice.
CREATE VIEW event_records AS
SELECT * FROM read_parquet('{folder}/events/*.parquet', union_by_name = true);

CREATE VIEW campaign_records AS
SELECT * FROM read_parquet('{folder}/campaigns/*.parquet', union_by_name = true);

-- As the counters count: the first with an identity.
CREATE VIEW events AS
SELECT * EXCLUDE (envelope, envelope_bytes)
FROM event_records
WHERE message_id IS NOT NULL
QUALIFY row_number() OVER (
  PARTITION BY tenant_id, user_id, message_id
  ORDER BY appended_at, topic, "offset"
) = 1;

-- As the catalogue has them: the newest content, unless that says they were deleted.
CREATE VIEW campaigns AS
SELECT * EXCLUDE (envelope, envelope_bytes, newest)
FROM (
  SELECT *, row_number() OVER (PARTITION BY tenant_id, campaign_id ORDER BY "offset" DESC) AS newest
  FROM campaign_records
  WHERE campaign_id IS NOT NULL
)
WHERE newest = 1 AND title IS NOT NULL;
