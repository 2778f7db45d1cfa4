import type { Answer } from './answer.ts';
import { base64url } from './base64url.ts';
import type { Epochs } from './epoch.ts';
import { composite } from './ids.ts';

/*
 * How answers and epochs stand in a store that several tiers read: the same keys and the same text, wherever
 * they are written.
 */

/**
 * What an epoch reads as that is not held: never raised, expired, or lost with the store. Set once, to the time
 * then, so that after a loss it is past whatever was handed out before.
 */
export const FLOOR_KEY = 'edgewise:floor';

/** Where the epoch of a person stands, or with `user_id` null the tenant's. */
export function epochKey(tenant_id: string, user_id: string | null): string {
  return `edgewise:epoch:${composite(tenant_id, user_id)}`;
}

/** Where an answer stands, by its key: hashed, since keys are as long as what is asked. */
export async function answerKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return `edgewise:answer:${base64url(new Uint8Array(digest))}`;
}

const HEAD = /^([gd]) (\d+) (\d+) (\d+)\n/;

/**
 * An answer as text: a line that tells whether it is good or degraded, its epochs and its end in ms, so that a
 * store's own script can judge it; then the answer as JSON.
 */
export function packAnswer(answer: Answer): string {
  const { degraded, epochs, until_ms } = answer;
  return `${degraded.length ? 'd' : 'g'} ${epochs.user} ${epochs.tenant} ${until_ms}\n${JSON.stringify(answer)}`;
}

/** The answer of a text; null where there is none, it is of another format, or it has ended. */
export function unpackAnswer(text: string | null, format: number, now_ms: number): Answer | null {
  const head = text === null ? null : HEAD.exec(text);
  if (text === null || !head || Number(head[4]) <= now_ms) return null;
  const answer = JSON.parse(text.slice(head[0].length)) as Answer;
  return answer.format === format ? answer : null;
}

/** The epochs of the texts that stand for them, null being the floor's. A tenant's alone has no person's: 0. */
export function readEpochs(
  user: string | null,
  tenant: string | null,
  floor: number,
  of_tenant: boolean,
): Epochs {
  return { user: of_tenant ? 0 : Number(user ?? floor), tenant: Number(tenant ?? floor) };
}
