MATCH (forgotten:Forgotten_v1)
WHERE forgotten.key IN $asked.keys
RETURN forgotten.key AS key, forgotten.at AS at
