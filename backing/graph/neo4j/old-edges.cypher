// KIND and OF stand for a kind of edge and the property that says what it leads to. An edge that an earlier build wrote
// does not say when it was accepted, and is none of these.
MATCH ()-[edge:KIND_v1]->(end)
WHERE edge.day < $asked.day AND edge.accepted_at < $asked.accepted_before
  AND (NOT $asked.unanswered OR NOT EXISTS { (end)<-[:ANSWERED_v1]-() })
RETURN edge.tenant AS tenant, edge.user AS user, edge.day AS day, edge.OF AS of
ORDER BY edge.tenant, edge.OF, edge.user, edge.day
