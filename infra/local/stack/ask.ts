import { PERSON_SCOPES } from '../commands/token.ts';
import type { Keys } from '../folder/keys.ts';
import { signToken } from '../folder/sign-token.ts';

const LIFETIME_S = 12 * 3600;
const ANSWER_MS = 10_000;

type Person = { tenant_id: string; user_id: string };
export type Asking = { keys: Keys; edge_url: string; person: Person; now_ms: number };

/** A command that asks for somebody's recommendations, to be pasted into any shell. */
export async function curlFor(asking: Asking): Promise<string> {
  return `curl -sS -H 'Authorization: Bearer ${await tokenFor(asking)}' '${addressFor(asking)}'`;
}

/** Throws where the edge does not answer that person. Another question than the command's, so that one is new. */
export async function checkAnswer(asking: Asking): Promise<void> {
  const response = await fetch(`${addressFor(asking)}?limit=1`, {
    headers: { Authorization: `Bearer ${await tokenFor(asking)}` },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (!response.ok) throw new Error(`The edge answers ${response.status}: ${await response.text()}`);
}

function addressFor({ edge_url, person }: Asking): string {
  return `${edge_url}/v1/users/${encoded(person.user_id)}/recommendations`;
}

/** An id in a path, and within single quotes of a shell. */
export function encoded(id: string): string {
  return encodeURIComponent(id).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function tokenFor({ keys, person, now_ms }: Asking): Promise<string> {
  return signToken({ keys, ...person, scopes: PERSON_SCOPES, lifetime_s: LIFETIME_S, now_ms });
}
