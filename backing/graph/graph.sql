-- Sets: who engaged with what, replied to whom, answered which message, on which day. By person, newest last. The
-- latest `lived_at` of the events that make a member decides whether it outlives its person's being forgotten.
CREATE TABLE IF NOT EXISTS engaged (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  lived_at TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, user_id, day, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS engaged_by_campaign ON engaged (tenant_id, campaign_id, day, user_id);

CREATE TABLE IF NOT EXISTS replied (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  other_id TEXT NOT NULL,
  lived_at TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, user_id, day, other_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS answered (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  message_id TEXT NOT NULL,
  lived_at TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, user_id, day, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS answered_by_message ON answered (tenant_id, message_id);

-- Who has used a message id, and on which day last.
CREATE TABLE IF NOT EXISTS wrote (
  tenant_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  lived_at TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, message_id, user_id)
) STRICT, WITHOUT ROWID;
