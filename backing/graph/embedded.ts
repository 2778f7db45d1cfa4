import { readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import { forgottenSchema } from '../forgotten.ts';
import { addColumn, scrub, transaction } from '../sqlite.ts';
import { forgettingIn } from './embedded-forget.ts';
import { removeOld } from './embedded-retention.ts';
import { heldRows, type Newest } from './held-rows.ts';
import { raise, strongestFirst } from './paths.ts';
import { BOUNDS, type Edge, type Graph, leadsTo, type NeighboursQuery, type OwnEdge } from './port.ts';

const sets = readFileSync(new URL('./graph.sql', import.meta.url), 'utf8');
export const graphSchema = `${sets};${forgottenSchema}`;

const DUMPS = {
  answered: `SELECT tenant_id AS a, user_id AS b, day AS c, message_id AS d, 1 AS value FROM answered ORDER BY 1, 2, 3, 4`,
  engaged: `SELECT tenant_id AS a, user_id AS b, day AS c, campaign_id AS d, 1 AS value FROM engaged ORDER BY 1, 2, 3, 4`,
  replied: `SELECT tenant_id AS a, user_id AS b, day AS c, other_id AS d, 1 AS value FROM replied ORDER BY 1, 2, 3, 4`,
  wrote: `SELECT tenant_id AS a, message_id AS b, user_id AS c, NULL AS d, day AS value FROM wrote ORDER BY 1, 2, 3`,
};

/** Within so many days who asks has at most so many rows of a campaign: one a day. */
const MOST_DAYS = 64;
const daysIn = (from_day: string, to_day: string) =>
  (Date.parse(to_day) - Date.parse(from_day)) / (24 * 3600_000) + 1;

/** Somebody on the way to campaigns: the newest day that leads to them, and by what, each once. */
type Person = { id: string; newest: string; by: string[] };

function meet(people: Map<string, Person>, { day, id }: Newest[number], by: string): void {
  const person = people.get(id);
  if (!person) people.set(id, { id, newest: day, by: [by] });
  else {
    if (day > person.newest) person.newest = day;
    if (!person.by.includes(by)) person.by.push(by);
  }
}

/** As many people as a hop takes, in no order: the newest. */
function newestOf(people: ReadonlyMap<string, Person>): Person[] {
  const all = [...people.values()];
  if (all.length <= BOUNDS.people) return all;
  const rank = (a: Person, b: Person) => (a.newest === b.newest ? a.id < b.id : a.newest < b.newest);
  return all.sort((a, b) => (rank(a, b) ? 1 : -1)).slice(0, BOUNDS.people);
}

/** The graph in SQLite. */
export function embeddedGraph(db: DatabaseSync): Graph {
  // An edge of an earlier build counts as accepted when this one first opens the file.
  const now = new Date().toISOString();
  for (const table of ['engaged', 'replied', 'answered', 'wrote']) {
    addColumn(db, table, 'lived_at', "TEXT NOT NULL DEFAULT ''");
    addColumn(db, table, 'accepted_at', `TEXT NOT NULL DEFAULT '${now}'`);
  }
  const forgetting = forgettingIn(db);
  const member = (table: string, other: string) =>
    db.prepare(`
      INSERT INTO ${table} (tenant_id, user_id, day, ${other}, lived_at, accepted_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET
        lived_at = max(lived_at, excluded.lived_at), accepted_at = max(accepted_at, excluded.accepted_at)
      WHERE excluded.lived_at > lived_at OR excluded.accepted_at > accepted_at`);
  const insert = {
    engaged: member('engaged', 'campaign_id'),
    replied: member('replied', 'other_id'),
    answered: member('answered', 'message_id'),
    wrote: db.prepare(`
      INSERT INTO wrote (tenant_id, user_id, day, message_id, lived_at, accepted_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET day = max(day, excluded.day), lived_at = max(lived_at, excluded.lived_at),
        accepted_at = max(accepted_at, excluded.accepted_at)
      WHERE excluded.day > day OR excluded.lived_at > lived_at OR excluded.accepted_at > accepted_at`),
  };
  const newest = (table: string, by: string, other: string) =>
    db.prepare(`
      SELECT day, ${other} AS id FROM ${table}
      WHERE tenant_id = ? AND ${by} = ? AND day BETWEEN ? AND ? AND ${other} <> ?
      ORDER BY day DESC, ${other} DESC LIMIT ?`);
  const engagements = newest('engaged', 'user_id', 'campaign_id');
  const fellows = newest('engaged', 'campaign_id', 'user_id');
  const replies = newest('replied', 'user_id', 'other_id');
  const answers = newest('answered', 'user_id', 'message_id');
  const all = db.prepare(
    Object.entries({
      answered: 'message_id',
      engaged: 'campaign_id',
      replied: 'other_id',
      wrote: 'message_id',
    })
      .map(([kind, of]) => {
        return `SELECT '${kind}' AS kind, day, ${of} AS of FROM ${kind} WHERE tenant_id = ?1 AND user_id = ?2`;
      })
      .join(' UNION ALL ')
      .concat(' ORDER BY 1, 2, 3 LIMIT ?3'),
  );
  const authors = db.prepare('SELECT user_id FROM wrote WHERE tenant_id = ? AND message_id = ? LIMIT 2');
  const answerers = db.prepare('SELECT user_id FROM answered WHERE tenant_id = ? AND message_id = ?');
  const ofPeople = heldRows(
    (tenant_id, user_id, from, to) =>
      engagements.all(tenant_id, user_id, from, to, '', BOUNDS.engagements) as Newest,
  );
  const ofCampaigns = heldRows(
    (tenant_id, campaign_id, from, to) =>
      fellows.all(tenant_id, campaign_id, from, to, '', BOUNDS.fellows + MOST_DAYS) as Newest,
  );
  const ofReplies = heldRows(repliedTo);

  function letGo(): void {
    for (const held of [ofPeople, ofCampaigns, ofReplies]) held.clear();
  }

  /** Lets go of what an edge may change, even one of a person forgotten: their messages take answers with them. */
  function changes(edge: Edge): void {
    const { tenant_id, user_id, kind } = edge;
    if (kind === 'engaged') {
      ofPeople.changed(tenant_id, user_id);
      ofCampaigns.changed(tenant_id, edge.campaign_id);
    } else if (kind !== 'wrote') ofReplies.changed(tenant_id, user_id);
    else if (!ofReplies.isEmpty()) {
      for (const answerer of answerers.all(tenant_id, edge.message_id))
        ofReplies.changed(tenant_id, answerer.user_id as string);
    }
  }

  function add(edge: Edge): void {
    const { tenant_id, user_id, day, lived_at, accepted_at, kind } = edge;
    insert[kind].run(tenant_id, user_id, day, leadsTo(edge), lived_at, accepted_at);
  }

  /** The one author that a message id has; null where it has none, or several. */
  function authorOf(tenant_id: string, message_id: string): string | null {
    const [one, ...others] = authors.all(tenant_id, message_id);
    return one && others.length === 0 ? (one.user_id as string) : null;
  }

  /** Whom a person replies to, and on how many days. */
  function repliedTo(tenant_id: string, user_id: string, from_day: string, to_day: string) {
    const window = [from_day, to_day] as const;
    const people = new Map<string, Person>();
    for (const row of replies.all(tenant_id, user_id, ...window, user_id, BOUNDS.replies) as Newest)
      meet(people, row, row.day);
    for (const { day, id } of answers.all(tenant_id, user_id, ...window, '', BOUNDS.replies) as Newest) {
      const author = authorOf(tenant_id, id);
      if (author !== null && author !== user_id) meet(people, { day, id: author }, day);
    }
    return newestOf(people).map(({ id, by }) => ({ id, days: by.length }));
  }

  function read({ tenant_id, user_id, from_day, to_day }: NeighboursQuery) {
    const window = [from_day, to_day] as const;
    const replied = new Map<string, number>();
    for (const { id: person, days } of ofReplies.of(tenant_id, user_id, ...window)) {
      for (const { id } of ofPeople.of(tenant_id, person, ...window)) raise(replied, id, days);
    }

    const own = ofPeople.of(tenant_id, user_id, ...window).slice(0, BOUNDS.own);
    const fellowsOf = (seed: string): readonly Newest[number][] =>
      daysIn(from_day, to_day) > MOST_DAYS
        ? (fellows.all(tenant_id, seed, ...window, user_id, BOUNDS.fellows) as Newest)
        : ofCampaigns.of(tenant_id, seed, ...window);
    const met = new Map<string, Person>();
    for (const seed of new Set(own.map(({ id }) => id))) {
      let left: number = BOUNDS.fellows;
      for (const row of fellowsOf(seed)) {
        if (row.id === user_id) continue;
        if (left-- === 0) break;
        meet(met, row, seed);
      }
    }
    const together = new Map<string, number>();
    for (const person of newestOf(met)) {
      for (const { id } of ofPeople.of(tenant_id, person.id, ...window)) {
        raise(together, id, person.by.length - (person.by.includes(id) ? 1 : 0));
      }
    }
    return { replied: strongestFirst(replied), together: strongestFirst(together) };
  }

  return {
    async add(edges, signal) {
      signal.throwIfAborted();
      transaction(db, () => {
        for (const edge of edges) changes(edge);
        for (const edge of forgetting.living(edges)) add(edge);
      });
    },
    async forget(people, signal) {
      signal.throwIfAborted();
      transaction(db, () => forgetting.forget(people));
      letGo();
      scrub(db);
    },
    async neighbours(query, signal) {
      signal.throwIfAborted();
      return read(query);
    },
    async edgesOf({ tenant_id, user_id }, most, signal) {
      signal.throwIfAborted();
      return all.all(tenant_id, user_id, most) as OwnEdge[];
    },
    async removeBefore(old, signal) {
      try {
        return await removeOld(db, old, signal);
      } finally {
        letGo();
      }
    },
    async *dump() {
      for (const [kind, select] of Object.entries(DUMPS)) {
        if (kind === 'replied') yield* forgetting.dump();
        for (const { a, b, c, d, value } of db.prepare(select).iterate()) {
          const key = [a, b, c, d].filter((part) => part !== null) as string[];
          yield `${composite(kind, ...key)} ${value}`;
        }
      }
    },
  };
}
