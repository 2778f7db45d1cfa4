import * as v from 'valibot';
import { Answer } from './answer.ts';
import { base64url } from './base64url.ts';
import type { Epochs } from './epoch.ts';
import { composite } from './ids.ts';

/*
 * How answers and epochs stand in a store that several tiers read: the same keys and the same text, wherever
 * they are written.
 */

/**
 * What every epoch reads as at the least: one that was never raised, has expired, or was lost with the store; and,
 * since a store may come back as it was a while ago, one that it holds from before it was last started. Set to the
 * time then, so that after a loss it is past whatever was handed out before.
 */
export const FLOOR_KEY = 'edgewise:floor';

/** Which start of the store the floor was set for. */
export const START_KEY = 'edgewise:start';

/** Where the epoch of a person stands, or with `user_id` null the tenant's. */
export function epochKey(tenant_id: string, user_id: string | null): string {
  return `edgewise:epoch:${composite(tenant_id, user_id)}`;
}

/** Where an answer stands, by the SHA-256 of its key in base64url: keys are as long as what is asked. */
export function hashedAnswerKey(digest: string): string {
  return `edgewise:answer:${digest}`;
}

/** The same by its key, wherever there is WebCrypto. */
export async function answerKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return hashedAnswerKey(base64url(new Uint8Array(digest)));
}

const HEAD = /^[gd] \d+ \d+ (\d+)\n([^\n]*)\n/;
const Kept = v.omit(Answer, ['body']);

/**
 * An answer as text: a line that tells whether it is good or degraded, its epochs and its end in ms, so that a
 * store's own script can judge it; a line of JSON with all but its text; then that, as it goes to the person.
 */
export function packAnswer({ body, ...meta }: Answer): string {
  const { degraded, epochs, until_ms } = meta;
  const head = `${degraded.length ? 'd' : 'g'} ${epochs.user} ${epochs.tenant} ${until_ms}`;
  return `${head}\n${JSON.stringify(meta)}\n${body}`;
}

/** The answer of a text; null where there is none, it is none of ours or of another format, or it has ended. */
export function unpackAnswer(text: string | null, format: number, now_ms: number): Answer | null {
  const head = text === null ? null : HEAD.exec(text);
  if (text === null || !head || Number(head[1]) <= now_ms) return null;
  try {
    const { success, output } = v.safeParse(Kept, JSON.parse(head[2] as string));
    return success && output.format === format ? { ...output, body: text.slice(head[0].length) } : null;
  } catch {
    return null;
  }
}

/** The epochs of the texts that stand for them, none below the floor. A tenant's alone has no person's: 0. */
export function readEpochs(
  user: string | null,
  tenant: string | null,
  floor: number,
  of_tenant: boolean,
): Epochs {
  const atLeast = (text: string | null) => Math.max(Number(text ?? 0), floor);
  return { user: of_tenant ? 0 : atLeast(user), tenant: atLeast(tenant) };
}
