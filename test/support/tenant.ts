import { randomUUID } from 'node:crypto';

/** A tenant that no other test or run has, so that tests can share a server. */
export function newTenant(): string {
  return `t-${randomUUID()}`;
}
