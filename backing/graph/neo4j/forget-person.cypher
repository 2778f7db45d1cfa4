MATCH (person:Person_v1 {tenant: $asked.tenant, id: $asked.user})
SET person.left = true
REMOVE person.left
WITH person WHERE NOT EXISTS { (person)--() }
DELETE person
