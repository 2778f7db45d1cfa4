UNWIND $batch.rows AS row
MERGE (forgotten:Forgotten_v1 {key: row.key})
WITH forgotten, row
WHERE coalesce(forgotten.at, '') < row.at
SET forgotten.at = row.at
