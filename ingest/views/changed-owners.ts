import type { EpochOwner } from '#backing/answers/port.ts';
import { composite } from '#contract/ids.ts';
import type { Records } from './read-records.ts';

/**
 * Whose answers the records change, each once: of an event its person's, of a deletion as well, of a campaign the tenant's.
 * Impressions change nobody's.
 */
export function changedOwners({ events, campaigns, deletions }: Records): EpochOwner[] {
  const owners = new Map<string, EpochOwner>();
  const change = (tenant_id: string, user_id: string | null) =>
    owners.set(composite(tenant_id, user_id), { tenant_id, user_id });
  for (const { envelope } of events) {
    if (envelope.event.type !== 'impression') change(envelope.tenant_id, envelope.event.user_id);
  }
  for (const { envelope } of deletions) change(envelope.tenant_id, envelope.deletion.user_id);
  for (const { envelope } of campaigns) change(envelope.tenant_id, null);
  return [...owners.values()];
}
