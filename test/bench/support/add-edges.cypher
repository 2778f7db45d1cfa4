// Rows as the driver's manual has them, each a map. KIND, TARGET and OF stand for a kind of edge, what it leads to, and
// the property that says to which.
UNWIND $batch.rows AS row
MERGE (end:TARGET_v1 {tenant: row.tenant, id: row.OF})
MERGE (person:Person_v1 {tenant: row.tenant, id: row.user})
MERGE (person)-[edge:KIND_v1 {tenant: row.tenant, user: row.user, day: row.day, OF: row.OF}]->(end)
WITH edge, row
WHERE coalesce(edge.lived_at, '') < row.lived_at OR coalesce(edge.accepted_at, '') < row.accepted_at
SET edge.lived_at = CASE WHEN coalesce(edge.lived_at, '') < row.lived_at THEN row.lived_at ELSE edge.lived_at END,
  edge.accepted_at = CASE WHEN coalesce(edge.accepted_at, '') < row.accepted_at THEN row.accepted_at ELSE edge.accepted_at END
