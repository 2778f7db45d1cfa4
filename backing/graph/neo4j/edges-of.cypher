MATCH (:Person_v1 {tenant: $asked.tenant, id: $asked.user})-[edge:ANSWERED_v1|ENGAGED_v1|REPLIED_v1|WROTE_v1]->()
WITH edge,
  CASE
    WHEN edge:ANSWERED_v1 THEN 'answered'
    WHEN edge:ENGAGED_v1 THEN 'engaged'
    WHEN edge:REPLIED_v1 THEN 'replied'
    ELSE 'wrote'
  END AS kind
WITH kind, edge.day AS day, coalesce(edge.message, edge.campaign, edge.other) AS of
RETURN kind, day, of ORDER BY kind, day, of LIMIT $most
