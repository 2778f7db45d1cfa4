// Messages that a forgotten person wrote, some at a time.
MATCH (person:Person_v1 {tenant: $asked.tenant, id: $asked.user})-[wrote:WROTE_v1]->()
WHERE coalesce(wrote.lived_at, '') <= $asked.at
RETURN wrote.message AS message LIMIT $some
