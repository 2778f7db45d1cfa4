UNWIND $batch.rows AS row
MERGE (campaign:Campaign_v1 {tenant: row.tenant, id: row.campaign})
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (person)-[edge:ENGAGED_v1 {tenant: row.tenant, user: row.user, day: row.day, campaign: row.campaign}]->(campaign)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at
SET edge.lived_at = row.lived_at
