UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (other:Person_v1 {tenant: row.tenant, id: row.other})
MERGE (person)-[:REPLIED_v1 {tenant: row.tenant, user: row.user, day: row.day, other: row.other}]->(other)
