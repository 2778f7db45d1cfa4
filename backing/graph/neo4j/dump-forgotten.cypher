MATCH (forgotten:Forgotten_v1)
WHERE forgotten.key IS NOT NULL
RETURN [forgotten.key] AS key, forgotten.at AS value
ORDER BY forgotten.key
