UNWIND $batch.rows AS row
MERGE (campaign:Campaign_v1 {tenant: row.tenant, id: row.campaign})
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (person)-[edge:ENGAGED_v1 {tenant: row.tenant, user: row.user, day: row.day, campaign: row.campaign}]->(campaign)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at OR coalesce(edge.accepted_at, '') < row.accepted_at
SET edge.lived_at = CASE WHEN coalesce(edge.lived_at, '') < row.lived_at THEN row.lived_at ELSE edge.lived_at END,
  edge.accepted_at = CASE WHEN coalesce(edge.accepted_at, '') < row.accepted_at THEN row.accepted_at ELSE edge.accepted_at END
