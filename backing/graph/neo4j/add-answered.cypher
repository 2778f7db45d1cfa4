UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (message:Message_v1 {tenant: row.tenant, id: row.message})
MERGE (person)-[edge:ANSWERED_v1 {tenant: row.tenant, user: row.user, day: row.day, message: row.message}]->(message)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at OR coalesce(edge.accepted_at, '') < row.accepted_at
SET edge.lived_at = CASE WHEN coalesce(edge.lived_at, '') < row.lived_at THEN row.lived_at ELSE edge.lived_at END,
  edge.accepted_at = CASE WHEN coalesce(edge.accepted_at, '') < row.accepted_at THEN row.accepted_at ELSE edge.accepted_at END
