// What a view's version holds, under labels of its own. Relationships carry the ids at both their ends: so an index
// gives a person's or a campaign's newest without walking all that the node has.

CREATE CONSTRAINT person_v1 IF NOT EXISTS
FOR (person:Person_v1) REQUIRE (person.tenant, person.id) IS UNIQUE;

CREATE CONSTRAINT campaign_v1 IF NOT EXISTS
FOR (campaign:Campaign_v1) REQUIRE (campaign.tenant, campaign.id) IS UNIQUE;

CREATE CONSTRAINT message_v1 IF NOT EXISTS
FOR (message:Message_v1) REQUIRE (message.tenant, message.id) IS UNIQUE;

CREATE CONSTRAINT engaged_v1 IF NOT EXISTS
FOR ()-[engaged:ENGAGED_v1]-() REQUIRE (engaged.tenant, engaged.user, engaged.day, engaged.campaign) IS UNIQUE;

CREATE INDEX engaged_by_campaign_v1 IF NOT EXISTS
FOR ()-[engaged:ENGAGED_v1]-() ON (engaged.tenant, engaged.campaign, engaged.day, engaged.user);

CREATE CONSTRAINT replied_v1 IF NOT EXISTS
FOR ()-[replied:REPLIED_v1]-() REQUIRE (replied.tenant, replied.user, replied.day, replied.other) IS UNIQUE;

CREATE CONSTRAINT answered_v1 IF NOT EXISTS
FOR ()-[answered:ANSWERED_v1]-() REQUIRE (answered.tenant, answered.user, answered.day, answered.message) IS UNIQUE;

CREATE CONSTRAINT wrote_v1 IF NOT EXISTS
FOR ()-[wrote:WROTE_v1]-() REQUIRE (wrote.tenant, wrote.message, wrote.user) IS UNIQUE;
