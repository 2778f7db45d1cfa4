UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (message:Message_v1 {tenant: row.tenant, id: row.message})
MERGE (person)-[wrote:WROTE_v1 {tenant: row.tenant, message: row.message, user: row.user}]->(message)
WITH wrote, row
WHERE coalesce(wrote.day, '') < row.day
SET wrote.day = row.day
