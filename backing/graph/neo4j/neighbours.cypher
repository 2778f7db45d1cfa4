// What is asked comes as one map: Neo4j plans a statement anew for strings of another length, but not for what is in a
// map, and this takes it half a second.
//
// Each hop takes the newest of an index, read backwards and left at its bound. Ordering by all of the index's
// properties, those that are given as well, tells the planner so; the hints hold it to that when it last looked while
// there was next to nothing.

// What the person engages with.
CALL () {
  MATCH ()-[own:ENGAGED_v1]->()
  USING INDEX SEEK own:ENGAGED_v1(tenant, user, day, campaign)
  WHERE own.tenant = $asked.tenant AND own.user = $asked.user AND $asked.from <= own.day <= $asked.to AND own.campaign IS NOT NULL
  WITH own ORDER BY own.tenant DESC, own.user DESC, own.day DESC, own.campaign DESC LIMIT $own
  RETURN collect(DISTINCT own.campaign) AS seeds
}

// Whom the person replies to, and on how many days; by a message only where one person alone has used its id.
CALL () {
  CALL () {
    MATCH ()-[said:REPLIED_v1]->()
    USING INDEX SEEK said:REPLIED_v1(tenant, user, day, other)
    WHERE said.tenant = $asked.tenant AND said.user = $asked.user AND $asked.from <= said.day <= $asked.to AND said.other IS NOT NULL
      AND said.other <> $asked.user
    WITH said ORDER BY said.tenant DESC, said.user DESC, said.day DESC, said.other DESC LIMIT $replies
    RETURN said.day AS day, said.other AS id
    UNION
    MATCH ()-[said:ANSWERED_v1]->()
    USING INDEX SEEK said:ANSWERED_v1(tenant, user, day, message)
    WHERE said.tenant = $asked.tenant AND said.user = $asked.user AND $asked.from <= said.day <= $asked.to AND said.message IS NOT NULL
    WITH said ORDER BY said.tenant DESC, said.user DESC, said.day DESC, said.message DESC LIMIT $replies
    WITH said.day AS day, said.message AS message
    CALL (message) {
      MATCH ()-[wrote:WROTE_v1]->()
      USING INDEX SEEK wrote:WROTE_v1(tenant, message, user)
      WHERE wrote.tenant = $asked.tenant AND wrote.message = message AND wrote.user IS NOT NULL
      WITH wrote LIMIT 2
      RETURN collect(wrote.user) AS authors
    }
    WITH day, authors WHERE size(authors) = 1 AND authors[0] <> $asked.user
    RETURN day, authors[0] AS id
  }
  WITH id, count(*) AS days, max(day) AS newest
  ORDER BY newest DESC, id DESC LIMIT $people
  RETURN collect({id: id, days: days}) AS partners
}

// Who engages with the same.
CALL (seeds) {
  UNWIND seeds AS seed
  CALL (seed) {
    MATCH ()-[met:ENGAGED_v1]->()
    USING INDEX SEEK met:ENGAGED_v1(tenant, campaign, day, user)
    WHERE met.tenant = $asked.tenant AND met.campaign = seed AND $asked.from <= met.day <= $asked.to AND met.user IS NOT NULL
      AND met.user <> $asked.user
    WITH met ORDER BY met.tenant DESC, met.campaign DESC, met.day DESC, met.user DESC LIMIT $fellows
    RETURN met.day AS day, met.user AS id
  }
  WITH id, collect(DISTINCT seed) AS common, max(day) AS newest
  ORDER BY newest DESC, id DESC LIMIT $people
  RETURN collect({id: id, common: common}) AS fellows
}

// What they engage with.
CALL (partners) {
  UNWIND partners AS partner
  CALL (partner) {
    MATCH ()-[engaged:ENGAGED_v1]->()
    USING INDEX SEEK engaged:ENGAGED_v1(tenant, user, day, campaign)
    WHERE engaged.tenant = $asked.tenant AND engaged.user = partner.id AND $asked.from <= engaged.day <= $asked.to
      AND engaged.campaign IS NOT NULL
    WITH engaged
    ORDER BY engaged.tenant DESC, engaged.user DESC, engaged.day DESC, engaged.campaign DESC LIMIT $engagements
    RETURN engaged.campaign AS campaign
  }
  WITH campaign, sum(partner.days) AS strength
  RETURN collect([campaign, strength]) AS replied
}
CALL (fellows) {
  UNWIND fellows AS fellow
  CALL (fellow) {
    MATCH ()-[engaged:ENGAGED_v1]->()
    USING INDEX SEEK engaged:ENGAGED_v1(tenant, user, day, campaign)
    WHERE engaged.tenant = $asked.tenant AND engaged.user = fellow.id AND $asked.from <= engaged.day <= $asked.to
      AND engaged.campaign IS NOT NULL
    WITH engaged
    ORDER BY engaged.tenant DESC, engaged.user DESC, engaged.day DESC, engaged.campaign DESC LIMIT $engagements
    RETURN engaged.campaign AS campaign
  }
  WITH campaign, sum(size(fellow.common) - CASE WHEN campaign IN fellow.common THEN 1 ELSE 0 END) AS strength
  RETURN collect([campaign, strength]) AS together
}
RETURN replied, together
