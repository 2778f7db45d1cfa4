import type { Forgotten } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Ask } from '../postgres/statement.ts';
import { afterForgetting, doubtful, isEmpty } from './forget.ts';
import { type Addition, emptyProfile } from './merge.ts';
import type { Profiles } from './port.ts';
import { addToStored, decodeImpressions, decodeProfile, encodeProfile, impressionsOf } from './stored.ts';

const READ = {
  name: 'profiles.read',
  text: `
    SELECT split_part(profile, E'\\t', 1) AS profile FROM profiles
    WHERE tenant_id = $1 AND user_id = $2 AND profile IS NOT NULL`,
};
const IMPRESSIONS = {
  name: 'profiles.impressions',
  text: `
    SELECT split_part(profile, E'\\t', 2) AS impressions FROM profiles
    WHERE tenant_id = $1 AND user_id = $2 AND profile IS NOT NULL`,
};
const PAGE = {
  name: 'profiles.page',
  text: `
    SELECT tenant_id, user_id, profile FROM profiles
    WHERE (tenant_id, user_id) > ($1, $2) AND profile IS NOT NULL
    ORDER BY tenant_id, user_id LIMIT $3`,
};
const OF_TENANT = {
  name: 'profiles.of-tenant',
  text: `
    SELECT user_id, split_part(profile, E'\\t', 1) AS profile FROM profiles
    WHERE tenant_id = $1 AND user_id > $2 AND profile IS NOT NULL
    ORDER BY user_id LIMIT $3`,
};
/** How many of a tenant are read at once. */
const PEOPLE = 500;
/** Locks each row in the order given, one that is there without writing it. */
const LOCK = {
  name: 'profiles.lock',
  text: `
    INSERT INTO profiles (tenant_id, user_id)
    SELECT tenant_id, user_id
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS person (tenant_id, user_id, place)
    ORDER BY place
    ON CONFLICT (tenant_id, user_id) DO UPDATE SET profile = excluded.profile WHERE false`,
};
const LOAD = {
  name: 'profiles.load',
  text: `
    SELECT place::int, profile
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS person (tenant_id, user_id, place)
    JOIN profiles USING (tenant_id, user_id)
    WHERE profile IS NOT NULL`,
};
const SAVE = {
  name: 'profiles.save',
  text: `
    UPDATE profiles SET profile = new.profile
    FROM unnest($1::text[], $2::text[], $3::text[]) AS new (tenant_id, user_id, profile)
    WHERE profiles.tenant_id = new.tenant_id AND profiles.user_id = new.user_id`,
};

/** A row without a profile is only what a batch locks; where the person was forgotten, not even that stays. */
const REMOVE_EMPTY = {
  name: 'profiles.remove-empty',
  text: `
    DELETE FROM profiles USING unnest($1::text[], $2::text[]) AS person (tenant_id, user_id)
    WHERE profiles.tenant_id = person.tenant_id AND profiles.user_id = person.user_id AND profile IS NULL`,
};

type Row = { tenant_id: string; user_id: string; profile: string };
type Person = { tenant_id: string; user_id: string };

const columns = (people: readonly Person[]) => [
  people.map(({ tenant_id }) => tenant_id),
  people.map(({ user_id }) => user_id),
];

/**
 * Locks people until the transaction ends, those that are not known yet as well. Who locks them in one order, each
 * once, never waits in a circle.
 */
export async function lockPeople(ask: Ask, people: readonly Person[]): Promise<void> {
  await ask(LOCK, columns(people));
}

/** Merges additions into the profiles of people that the transaction has locked, each there once. */
export async function addToProfiles(
  ask: Ask,
  additions: readonly (Person & { addition: Addition })[],
): Promise<void> {
  const rows = await ask<{ place: number; profile: string }>(LOAD, columns(additions));
  const kept = new Map(rows.map(({ place, profile }) => [place - 1, profile]));
  const changed: Row[] = [];
  for (const [place, { tenant_id, user_id, addition }] of additions.entries()) {
    const before = kept.get(place);
    const profile = addToStored(before, addition);
    // What is older than all that is kept leaves a profile as it was.
    if (profile !== before) changed.push({ tenant_id, user_id, profile });
  }
  if (changed.length > 0) await ask(SAVE, [...columns(changed), changed.map(({ profile }) => profile)]);
}

/** Takes away the rows of people who have no profile; the transaction has locked them. */
export async function removeEmptyProfiles(ask: Ask, people: readonly Person[]): Promise<void> {
  await ask(REMOVE_EMPTY, columns(people));
}

/**
 * Takes from the profile of a person, whom the transaction has locked, what is to be forgotten; `accepted` gives of
 * messages those that were accepted afterwards.
 */
export async function forgetProfile(
  ask: Ask,
  { tenant_id, user_id, forgotten_at }: Forgotten,
  accepted: (message_ids: string[]) => Promise<string[]>,
): Promise<void> {
  const whose = columns([{ tenant_id, user_id }]);
  const [row] = await ask<{ profile: string }>(LOAD, whose);
  if (!row) return;
  const before = { profile: decodeProfile(row.profile), impressions: decodeImpressions(row.profile) };
  const asked = doubtful(before, forgotten_at);
  const live = new Set(asked.length > 0 ? await accepted(asked) : []);
  const left = afterForgetting(before, forgotten_at, live);
  await ask(SAVE, [...whose, [isEmpty(left) ? null : encodeProfile(left.profile, left.impressions)]]);
}

/** Profiles in PostgreSQL, read from the server that they are written to. */
export function postgresProfiles(postgres: Postgres): Profiles {
  return {
    async read(tenant_id, user_id, signal) {
      const [row] = await postgres.query<{ profile: string }>(READ, [tenant_id, user_id], signal);
      return row ? decodeProfile(row.profile) : emptyProfile;
    },
    async impressions(tenant_id, user_id, signal) {
      const [row] = await postgres.query<{ impressions: string }>(IMPRESSIONS, [tenant_id, user_id], signal);
      return impressionsOf(row?.impressions ?? '');
    },
    async *all(tenant_id, signal) {
      let after = '';
      for (;;) {
        const rows = await postgres.query<Omit<Row, 'tenant_id'>>(
          OF_TENANT,
          [tenant_id, after, PEOPLE],
          signal,
        );
        for (const { user_id, profile } of rows) yield { user_id, profile: decodeProfile(profile) };
        if (rows.length < PEOPLE) return;
        after = rows[rows.length - 1]?.user_id as string;
      }
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        const keyOf = ({ tenant_id, user_id }: Row) => [tenant_id, user_id];
        for await (const row of pages<Row>(ask, PAGE, keyOf, 2)) {
          yield `${composite('profile', ...keyOf(row))} ${row.profile}`;
        }
      });
    },
  };
}
