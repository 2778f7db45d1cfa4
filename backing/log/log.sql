-- What was appended. Offsets of a partition are contiguous, from 0 or from where it begins.
CREATE TABLE IF NOT EXISTS record (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  appended_ms INTEGER NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  traceparent TEXT,
  PRIMARY KEY (topic, partition, offset)
) STRICT, WITHOUT ROWID;

-- Where partitions begin that records have left for their age.
CREATE TABLE IF NOT EXISTS beginning (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;

-- How far each group is: the offset that it will be handed next.
CREATE TABLE IF NOT EXISTS progress (
  consumer_group TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  committed INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
) STRICT, WITHOUT ROWID;
