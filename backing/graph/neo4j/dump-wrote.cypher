MATCH ()-[edge:WROTE_v1]->()
WHERE edge.tenant IS NOT NULL AND edge.message IS NOT NULL AND edge.user IS NOT NULL
RETURN [edge.tenant, edge.message, edge.user] AS key, edge.day AS value
ORDER BY edge.tenant, edge.message, edge.user
