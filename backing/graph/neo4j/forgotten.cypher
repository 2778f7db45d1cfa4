// There are many to look for, and how their keys begin says enough: a third of the bytes. Who asks looks at the whole key.
UNWIND $asked.beginnings AS beginning
MATCH (forgotten:Forgotten_v1)
USING INDEX SEEK forgotten:Forgotten_v1(key)
WHERE forgotten.key STARTS WITH beginning
RETURN forgotten.key AS key, forgotten.at AS at
