import { int } from 'neo4j-driver';
import type { Forgotten } from '#contract/deletion.ts';
import { FOR_GOOD, forgottenKey, forgottenMessageKey } from '../forgotten.ts';
import type { Neo4j } from '../neo4j/open.ts';
import type { Edge } from './port.ts';

/** How many edges leave in a transaction. */
const SOME = 1_000;

type Person = { tenant: string; user: string; at: string };

/** Of a key as many characters as tell it from others, but for a chance of one in billions. */
const BEGINNING = 10;

/** The earliest moment of each id, by tenant. */
type Earliest = Map<string, Map<string, string>>;

function note(earliest: Earliest, tenant: string, id: string, at: string): void {
  const ids = earliest.get(tenant) ?? new Map<string, string>();
  if (ids.size === 0) earliest.set(tenant, ids);
  const before = ids.get(id);
  if (before === undefined || at < before) ids.set(id, at);
}

/** The person as people are known by here, and since when they are forgotten. */
const personOf = ({ tenant_id, user_id, forgotten_at }: Forgotten): Person & { key: string } => ({
  tenant: tenant_id,
  user: user_id,
  key: forgottenKey(tenant_id, user_id),
  at: forgotten_at,
});

/**
 * Forgetting in Neo4j, where a transaction does not see what another is about to commit. So who forgets remembers
 * that first, and takes edges away after it; and who adds edges looks afterwards who was forgotten, and takes away
 * what was not to be added. Whichever of the two is later finds what the other did.
 */
export function neo4jForgetting(neo4j: Neo4j, cypher: (name: string) => string) {
  const [FORGET, FORGOTTEN] = [cypher('forget'), cypher('forgotten')];
  const [MESSAGES, ANSWERS, WROTE] = [
    cypher('forgotten-messages'),
    cypher('forget-messages'),
    cypher('forget-wrote'),
  ];
  const [ANY, EDGES, PERSON] = [cypher('forgotten-edges'), cypher('forget-edges'), cypher('forget-person')];
  const some = int(SOME);

  const rows = (text: string, batch: readonly object[]) => ({ text, parameters: { batch: { rows: batch } } });

  async function since(keys: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
    const beginnings = keys.map((key) => key.slice(0, BEGINNING));
    const statement = { text: FORGOTTEN, parameters: { asked: { beginnings } }, of_write: true };
    const found = await neo4j.read<{ key: string; at: string }>(statement, signal);
    return new Map(found.map(({ key, at }) => [key, at]));
  }

  /** Takes away all that a person has no more, some edges a transaction. */
  async function sweep(person: Person, signal: AbortSignal): Promise<void> {
    const asked = { text: MESSAGES, parameters: { asked: person, some }, of_write: true };
    for (;;) {
      const messages = await neo4j.read<{ message: string }>(asked, signal);
      if (messages.length === 0) break;
      const { tenant } = person;
      const batch = messages.map(({ message }) => ({ ...person, message }));
      const keys = batch.map(({ message }) => ({ key: forgottenMessageKey(tenant, message), at: FOR_GOOD }));
      const answers = batch.map(({ message }) => ({ tenant, message, at: FOR_GOOD }));
      // Remembered before the answers go, and these before the only edge that leads to them.
      await neo4j.write([rows(FORGET, keys)], signal);
      await neo4j.write([rows(ANSWERS, answers), rows(WROTE, batch)], signal);
    }
    const parameters = { asked: person, some };
    while ((await neo4j.read({ text: ANY, parameters, of_write: true }, signal)).length > 0)
      await neo4j.write([{ text: EDGES, parameters }], signal);
    await neo4j.write([{ text: PERSON, parameters }], signal);
  }

  return {
    async forget(people: readonly Forgotten[], signal: AbortSignal): Promise<void> {
      const batch = people.map(personOf);
      await neo4j.write([rows(FORGET, batch)], signal);
      const holds = await since(
        batch.map(({ key }) => key),
        signal,
      );
      for (const person of batch) await sweep({ ...person, at: holds.get(person.key) ?? person.at }, signal);
    },

    /** Looks who of those that edges were just added of, or lead to, was forgotten after them. */
    async afterAdding(edges: readonly Edge[], signal: AbortSignal): Promise<void> {
      const [people, messages]: [Earliest, Earliest] = [new Map(), new Map()];
      for (const edge of edges) {
        note(people, edge.tenant_id, edge.user_id, edge.lived_at);
        if (edge.kind === 'replied') note(people, edge.tenant_id, edge.other_id, edge.lived_at);
        if (edge.kind === 'answered') note(messages, edge.tenant_id, edge.message_id, edge.lived_at);
      }
      const keys: string[] = [];
      for (const [tenant, ids] of people) for (const id of ids.keys()) keys.push(forgottenKey(tenant, id));
      for (const [tenant, ids] of messages)
        for (const id of ids.keys()) keys.push(forgottenMessageKey(tenant, id));
      const holds = await since(keys, signal);
      if (holds.size === 0) return;
      for (const [tenant, ids] of people) {
        for (const [user, lived_at] of ids) {
          const at = holds.get(forgottenKey(tenant, user));
          if (at !== undefined && lived_at <= at) await sweep({ tenant, user, at }, signal);
        }
      }
      for (const [tenant, ids] of messages) {
        for (const [message, lived_at] of ids) {
          const at = holds.get(forgottenMessageKey(tenant, message));
          if (at !== undefined && lived_at <= at)
            await neo4j.write([rows(ANSWERS, [{ tenant, message, at }])], signal);
        }
      }
    },
  };
}
