// What nothing leads to any more goes with the edges; it is written first, which locks it, so that nobody adds to it
// meanwhile.
UNWIND $batch.rows AS row
MATCH (person)-[edge:KIND_v1 {tenant: row.tenant, user: row.user, day: row.day, OF: row.of}]->(end)
WHERE edge.accepted_at < $asked.accepted_before
  AND (NOT $asked.unanswered OR NOT EXISTS { (end)<-[:ANSWERED_v1]-() })
DELETE edge
WITH person, end
UNWIND [person, end] AS node
WITH DISTINCT node
SET node.left = true
REMOVE node.left
WITH node WHERE NOT EXISTS { (node)--() }
DELETE node
