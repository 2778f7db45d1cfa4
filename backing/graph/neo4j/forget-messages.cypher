// Answers to messages whose author was forgotten.
UNWIND $batch.rows AS row
MATCH (message:Message_v1 {tenant: row.tenant, id: row.message})
OPTIONAL MATCH (message)<-[answered:ANSWERED_v1]-()
WHERE coalesce(answered.lived_at, '') <= row.at
DELETE answered
WITH DISTINCT message
SET message.left = true
REMOVE message.left
WITH message WHERE NOT EXISTS { (message)--() }
DELETE message
