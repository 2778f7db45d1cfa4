UNWIND $batch.rows AS row
MATCH ()-[wrote:WROTE_v1 {tenant: row.tenant, message: row.message, user: row.user}]->(message)
WHERE coalesce(wrote.lived_at, '') <= row.at
DELETE wrote
WITH DISTINCT message
SET message.left = true
REMOVE message.left
WITH message WHERE NOT EXISTS { (message)--() }
DELETE message
