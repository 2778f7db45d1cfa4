import type { DatabaseSync } from 'node:sqlite';
import type { Forgotten } from '#contract/deletion.ts';
import { embeddedForgotten, FOR_GOOD, forgottenKey, forgottenMessageKey } from '../forgotten.ts';
import type { Edge } from './port.ts';

/** Who was forgotten, and what of theirs is taken out of the graph's sets; all of it within a transaction. */
export function forgettingIn(db: DatabaseSync) {
  const forgotten = embeddedForgotten(db);
  const own = ['engaged', 'replied', 'answered'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE tenant_id = ? AND user_id = ? AND lived_at <= ?`),
  );
  const repliesTo = db.prepare('DELETE FROM replied WHERE tenant_id = ? AND other_id = ? AND lived_at <= ?');
  const messagesOf = db.prepare(
    'DELETE FROM wrote WHERE tenant_id = ? AND user_id = ? AND lived_at <= ? RETURNING message_id',
  );
  const answersTo = db.prepare('DELETE FROM answered WHERE tenant_id = ? AND message_id = ?');

  /** A message went with its author: so do the answers to it, those that come later as well. */
  function forgetMessage(tenant_id: string, message_id: string): void {
    const key = forgottenMessageKey(tenant_id, message_id);
    if (forgotten.at(key) !== undefined) return;
    forgotten.remember(key, FOR_GOOD);
    answersTo.run(tenant_id, message_id);
  }

  function lives(edge: Edge): boolean {
    const { tenant_id, lived_at } = edge;
    const dead = (key: string) => {
      const at = forgotten.at(key);
      return at !== undefined && lived_at <= at;
    };
    const theirs = dead(forgottenKey(tenant_id, edge.user_id));
    if (theirs && edge.kind === 'wrote') forgetMessage(tenant_id, edge.message_id);
    if (theirs) return false;
    if (edge.kind === 'replied') return !dead(forgottenKey(tenant_id, edge.other_id));
    if (edge.kind === 'answered') return !dead(forgottenMessageKey(tenant_id, edge.message_id));
    return true;
  }

  return {
    /** The edges that are not of people who were forgotten after them, each judged once those before it were added. */
    *living(edges: readonly Edge[]): Generator<Edge> {
      if (forgotten.isEmpty()) yield* edges;
      else for (const edge of edges) if (lives(edge)) yield edge;
    },

    forget(people: readonly Forgotten[]): void {
      for (const { tenant_id, user_id, forgotten_at } of people) {
        const since = forgotten.remember(forgottenKey(tenant_id, user_id), forgotten_at);
        for (const { message_id } of messagesOf.all(tenant_id, user_id, since))
          forgetMessage(tenant_id, message_id as string);
        for (const remove of own) remove.run(tenant_id, user_id, since);
        repliesTo.run(tenant_id, user_id, since);
      }
    },

    dump: () => forgotten.dump(),
  };
}
