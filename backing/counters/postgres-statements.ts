/** Looked up in all live partitions, since none of them knows what another holds. */
export const KNOWN = {
  name: 'counters.known',
  text: 'SELECT identity, content FROM identities WHERE identity = ANY ($1::text[])',
};
export const REMEMBER = {
  name: 'counters.remember',
  text: `
    INSERT INTO identities (identity, content, accepted_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])`,
};
/** A connection has a shard to itself, nearly: it keeps to one, and process numbers lie side by side. */
export const ADD = {
  name: 'counters.add',
  text: `
    INSERT INTO daily AS kept (tenant_id, day, campaign_id, type, locale, shard, count)
    SELECT tenant_id, day, campaign_id, type, locale, pg_backend_pid() % 8, count
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) WITH ORDINALITY
      AS new (tenant_id, day, campaign_id, type, locale, count, place)
    ORDER BY place
    ON CONFLICT (tenant_id, day, campaign_id, type, locale, shard)
    DO UPDATE SET count = kept.count + excluded.count`,
};
/** As for days. */
export const ADD_TENS = {
  name: 'counters.add-tens',
  text: `
    INSERT INTO tens AS kept (tenant_id, ten, campaign_id, type, shard, count)
    SELECT tenant_id, ten, campaign_id, type, pg_backend_pid() % 8, count
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
      AS new (tenant_id, ten, campaign_id, type, count, place)
    ORDER BY place
    ON CONFLICT (tenant_id, ten, campaign_id, type, shard)
    DO UPDATE SET count = kept.count + excluded.count`,
};
/** A row that is ahead already is not even locked: all imports of a tenant meet here. */
export const ADVANCE = {
  name: 'counters.advance',
  text: `
    INSERT INTO imported AS kept (tenant_id, newest)
    SELECT tenant_id, newest
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS new (tenant_id, newest, place)
    WHERE NOT EXISTS (SELECT FROM imported ahead WHERE ahead.tenant_id = new.tenant_id AND ahead.newest >= new.newest)
    ORDER BY place
    ON CONFLICT (tenant_id) DO UPDATE SET newest = excluded.newest WHERE excluded.newest > kept.newest`,
};
export const MAKE_PARTITION = {
  name: 'counters.make-partition',
  text: "SELECT make_identities_partition(($1::text || '-01T00:00:00Z')::timestamptz)",
};
/** Who of a batch was forgotten, and since when. */
export const FORGOTTEN = {
  name: 'counters.forgotten',
  text: 'SELECT key, forgotten_at FROM forgotten WHERE key = ANY ($1::text[])',
};
export const FORGET = {
  name: 'counters.forget',
  text: `
    INSERT INTO forgotten AS kept (key, forgotten_at)
    SELECT key, max(forgotten_at) FROM unnest($1::text[], $2::text[]) AS new (key, forgotten_at) GROUP BY key
    ON CONFLICT (key) DO UPDATE SET forgotten_at = greatest(kept.forgotten_at, excluded.forgotten_at)
    RETURNING key, forgotten_at`,
};
/** Of a person's identities those that were accepted after a moment. */
export const ACCEPTED_AFTER = {
  name: 'counters.accepted-after',
  text: 'SELECT identity FROM identities WHERE identity = ANY ($1::text[]) AND accepted_at > $2::timestamptz',
};
export const FORGET_IDENTITIES = {
  name: 'counters.forget-identities',
  text: 'DELETE FROM identities WHERE identity >= $1 AND identity < $2 AND accepted_at <= $3::timestamptz',
};
export const FORGOTTEN_PAGE = {
  name: 'counters.forgotten-page',
  text: 'SELECT key, forgotten_at FROM forgotten WHERE key > $1 ORDER BY key LIMIT $2',
};
export const DAILY = {
  name: 'counters.daily',
  text: `
    SELECT campaign_id, day, type, nullif(locale, '') AS locale, sum(count)::float8 AS count
    FROM daily WHERE tenant_id = $1 AND day BETWEEN $2 AND $3
    GROUP BY day, campaign_id, type, locale ORDER BY day, campaign_id, type, locale`,
};
export const TENS = {
  name: 'counters.tens',
  text: `
    SELECT campaign_id, ten, type, sum(count)::float8 AS count
    FROM tens WHERE tenant_id = $1 AND ten BETWEEN $2 AND $3
    GROUP BY ten, campaign_id, type ORDER BY ten, campaign_id, type`,
};
export const NEWEST = {
  name: 'counters.newest',
  text: 'SELECT newest FROM imported WHERE tenant_id = $1',
};
export const DAILY_PAGE = {
  name: 'counters.daily-page',
  text: `
    SELECT tenant_id, day, campaign_id, type, locale, sum(count)::text AS count
    FROM daily WHERE (tenant_id, day, campaign_id, type, locale) > ($1, $2, $3, $4, $5)
    GROUP BY tenant_id, day, campaign_id, type, locale ORDER BY tenant_id, day, campaign_id, type, locale
    LIMIT $6`,
};
export const TENS_PAGE = {
  name: 'counters.tens-page',
  text: `
    SELECT tenant_id, ten, campaign_id, type, sum(count)::text AS count
    FROM tens WHERE (tenant_id, ten, campaign_id, type) > ($1, $2, $3, $4)
    GROUP BY tenant_id, ten, campaign_id, type ORDER BY tenant_id, ten, campaign_id, type
    LIMIT $5`,
};
export const IDENTITY_PAGE = {
  name: 'counters.identity-page',
  text: 'SELECT identity, content FROM identities WHERE identity > $1 ORDER BY identity LIMIT $2',
};
export const IMPORTED_PAGE = {
  name: 'counters.imported-page',
  text: 'SELECT tenant_id, newest FROM imported WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2',
};
