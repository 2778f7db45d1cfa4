-- Up Migration

-- Ids are ASCII and are compared as bytes, so that every order is the one that dumps promise. A campaign is the
-- text it came as: jsonb would refuse U+0000 and forget the order of the fields. Deleted ones keep their version.
CREATE TABLE campaigns (
  tenant_id text COLLATE "C" NOT NULL,
  campaign_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  campaign text,
  PRIMARY KEY (tenant_id, campaign_id)
);

-- Down Migration

DROP TABLE campaigns;
