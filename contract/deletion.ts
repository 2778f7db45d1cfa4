import * as v from 'valibot';
import { AHEAD_MS } from './limits.ts';

/** What names a deletion: told to whoever asked for it, and to nobody else. */
export const DeletionId = v.pipe(v.string(), v.uuid('A deletion is named by a UUID, as it was answered'));

/** A person who is to be forgotten, as of a moment. */
export type Forgotten = { tenant_id: string; user_id: string; forgotten_at: string };

/**
 * The moment that decides whether an event outlives its person's being forgotten: it does where this lies after that
 * moment, which is where the event both was accepted and occurred after it. Moments sort as text.
 */
export function livedAt({ accepted_at, occurred_at }: { accepted_at: string; occurred_at: string }): string {
  return occurred_at < accepted_at ? occurred_at : accepted_at;
}

/** The moment from which on whatever occurred lives for certain: nothing accepted until `forgotten_at` lies later. */
export function certainlyLivesAfter(forgotten_at: string): string {
  return new Date(Date.parse(forgotten_at) + AHEAD_MS).toISOString();
}
