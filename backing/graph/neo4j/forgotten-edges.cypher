// Whether a forgotten person still has an edge, or one of others leads to them.
MATCH (person:Person_v1 {tenant: $asked.tenant, id: $asked.user})-[edge:ENGAGED_v1|REPLIED_v1|ANSWERED_v1]-()
WHERE coalesce(edge.lived_at, '') <= $asked.at
RETURN 1 AS one LIMIT 1
