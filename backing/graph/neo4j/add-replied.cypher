UNWIND $batch.tenants AS of_tenant
UNWIND of_tenant[1] AS row
WITH of_tenant[0] AS tenant, row[0] AS user, row[1] AS day, row[2] AS lived_at, row[3] AS accepted_at, row[4] AS other_id
MERGE (person:Person_v1 {tenant: tenant, id: user})
MERGE (other:Person_v1 {tenant: tenant, id: other_id})
MERGE (person)-[edge:REPLIED_v1 {tenant: tenant, user: user, day: day, other: other_id}]->(other)
WITH edge, lived_at, accepted_at
WHERE coalesce(edge.lived_at, '') < lived_at OR coalesce(edge.accepted_at, '') < accepted_at
SET edge.lived_at = CASE WHEN coalesce(edge.lived_at, '') < lived_at THEN lived_at ELSE edge.lived_at END,
  edge.accepted_at = CASE WHEN coalesce(edge.accepted_at, '') < accepted_at THEN accepted_at ELSE edge.accepted_at END
