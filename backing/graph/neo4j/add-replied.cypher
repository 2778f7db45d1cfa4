UNWIND $batch.rows AS row
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (other:Person_v1 {tenant: row.tenant, id: row.other})
MERGE (person)-[edge:REPLIED_v1 {tenant: row.tenant, user: row.user, day: row.day, other: row.other}]->(other)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at
SET edge.lived_at = row.lived_at
