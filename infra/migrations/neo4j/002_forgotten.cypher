// Who was forgotten, and which messages went with them, by what nobody can tell their ids from; and since when.

CREATE CONSTRAINT forgotten_v1 IF NOT EXISTS
FOR (forgotten:Forgotten_v1) REQUIRE forgotten.key IS UNIQUE;
