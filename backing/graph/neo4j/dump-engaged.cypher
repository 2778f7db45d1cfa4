MATCH ()-[edge:ENGAGED_v1]->()
WHERE edge.tenant IS NOT NULL AND edge.user IS NOT NULL AND edge.day IS NOT NULL AND edge.campaign IS NOT NULL
RETURN [edge.tenant, edge.user, edge.day, edge.campaign] AS key, 1 AS value
ORDER BY edge.tenant, edge.user, edge.day, edge.campaign
