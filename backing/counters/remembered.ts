import { hash } from 'node:crypto';
import type { Event } from '#contract/event.ts';

const digest = (text: string, length: number) => hash('sha256', text, 'base64url').slice(0, length);

/** What stands for a person in what is remembered of their events: 48 bits of what they would be forgotten by. */
export function rememberedPerson(forgottenKey: string): string {
  return forgottenKey.slice(0, 8);
}

/** What all identities of a person sort before; none of their characters is greater. */
export const afterPerson = (person: string) => `${person}~`;

/** The identity, as `remembered` gives it, of a message id of theirs. */
export function rememberedIdentity(person: string, message_id: string): string {
  return person + digest(message_id, 14);
}

/**
 * What is remembered of an event: its identity in 132 bits, the person's first, so that what comes together
 * is kept together; and its content in 66. The schema gives fields in one order, so equal contents are equal JSON.
 */
export function remembered(person: string, event: Event): { identity: string; content: string } {
  return {
    identity: rememberedIdentity(person, event.message_id),
    content: digest(JSON.stringify(event), 11),
  };
}
