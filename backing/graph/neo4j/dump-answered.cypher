MATCH ()-[edge:ANSWERED_v1]->()
WHERE edge.tenant IS NOT NULL AND edge.user IS NOT NULL AND edge.day IS NOT NULL AND edge.message IS NOT NULL
RETURN [edge.tenant, edge.user, edge.day, edge.message] AS key, 1 AS value
ORDER BY edge.tenant, edge.user, edge.day, edge.message
