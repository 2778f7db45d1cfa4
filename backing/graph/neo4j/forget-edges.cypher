// What nothing leads to any more goes with the edges; it is written first, which locks it, so that nobody adds to it
// meanwhile.
MATCH (person:Person_v1 {tenant: $asked.tenant, id: $asked.user})-[edge:ENGAGED_v1|REPLIED_v1|ANSWERED_v1]-(end)
WHERE coalesce(edge.lived_at, '') <= $asked.at
WITH edge, end LIMIT $some
DELETE edge
WITH DISTINCT end
SET end.left = true
REMOVE end.left
WITH end WHERE NOT EXISTS { (end)--() }
DELETE end
