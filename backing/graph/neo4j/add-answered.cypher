UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (message:Message_v1 {tenant: row.tenant, id: row.message})
MERGE (person)-[:ANSWERED_v1 {tenant: row.tenant, user: row.user, day: row.day, message: row.message}]->(message)
