import { hash } from 'node:crypto';
import type { Event } from '#contract/event.ts';
import { composite } from '#contract/ids.ts';

const digest = (text: string, length: number) => hash('sha256', text, 'base64url').slice(0, length);

/** What stands for a person in what is remembered of their events: 48 bits. */
export function rememberedPerson(tenant_id: string, user_id: string): string {
  return digest(composite(tenant_id, user_id), 8);
}

/**
 * What is remembered of an event: its identity in 132 bits, the person's first, so that what comes together
 * is kept together; and its content in 66. The schema gives fields in one order, so equal contents are equal JSON.
 */
export function remembered(person: string, event: Event): { identity: string; content: string } {
  return { identity: person + digest(event.message_id, 14), content: digest(JSON.stringify(event), 11) };
}
