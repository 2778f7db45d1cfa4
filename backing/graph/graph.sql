-- Sets: who engaged with what, replied to whom, answered which message, on which day. By person, newest last.
CREATE TABLE IF NOT EXISTS engaged (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, day, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS engaged_by_campaign ON engaged (tenant_id, campaign_id, day, user_id);

CREATE TABLE IF NOT EXISTS replied (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  other_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, day, other_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS answered (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  message_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, day, message_id)
) STRICT, WITHOUT ROWID;

-- Who has used a message id, and on which day last.
CREATE TABLE IF NOT EXISTS wrote (
  tenant_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  PRIMARY KEY (tenant_id, message_id, user_id)
) STRICT, WITHOUT ROWID;
