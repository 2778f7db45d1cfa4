UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (message:Message_v1 {tenant: row.tenant, id: row.message})
MERGE (person)-[wrote:WROTE_v1 {tenant: row.tenant, message: row.message, user: row.user}]->(message)
WITH wrote, row
WHERE coalesce(wrote.day, '') < row.day OR coalesce(wrote.lived_at, '') < row.lived_at
  OR coalesce(wrote.accepted_at, '') < row.accepted_at
SET wrote.day = CASE WHEN coalesce(wrote.day, '') < row.day THEN row.day ELSE wrote.day END,
  wrote.lived_at = CASE WHEN coalesce(wrote.lived_at, '') < row.lived_at THEN row.lived_at ELSE wrote.lived_at END,
  wrote.accepted_at = CASE WHEN coalesce(wrote.accepted_at, '') < row.accepted_at THEN row.accepted_at ELSE wrote.accepted_at END
