UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (message:Message_v1 {tenant: row.tenant, id: row.message})
MERGE (person)-[edge:ANSWERED_v1 {tenant: row.tenant, user: row.user, day: row.day, message: row.message}]->(message)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at
SET edge.lived_at = row.lived_at
