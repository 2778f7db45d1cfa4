UNWIND $batch.tenants AS of_tenant
UNWIND of_tenant[1] AS row
WITH of_tenant[0] AS tenant, row[0] AS user, row[1] AS day, row[2] AS lived_at, row[3] AS accepted_at, row[4] AS message_id
MERGE (person:Person_v1 {tenant: tenant, id: user})
MERGE (message:Message_v1 {tenant: tenant, id: message_id})
MERGE (person)-[wrote:WROTE_v1 {tenant: tenant, message: message_id, user: user}]->(message)
WITH wrote, day, lived_at, accepted_at
WHERE coalesce(wrote.day, '') < day OR coalesce(wrote.lived_at, '') < lived_at
  OR coalesce(wrote.accepted_at, '') < accepted_at
SET wrote.day = CASE WHEN coalesce(wrote.day, '') < day THEN day ELSE wrote.day END,
  wrote.lived_at = CASE WHEN coalesce(wrote.lived_at, '') < lived_at THEN lived_at ELSE wrote.lived_at END,
  wrote.accepted_at = CASE WHEN coalesce(wrote.accepted_at, '') < accepted_at THEN accepted_at ELSE wrote.accepted_at END
