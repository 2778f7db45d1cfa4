-- Up Migration

-- The only switch between the versions of a view: one without a row has its first version, under the names that are
-- configured. Those of later ones end in their number.
CREATE TABLE view_versions (
  view text COLLATE "C" NOT NULL PRIMARY KEY,
  revision integer NOT NULL,
  serving integer NOT NULL,
  beside integer,
  keeps_up boolean NOT NULL,
  newest integer NOT NULL
);

-- Down Migration

DROP TABLE view_versions;
