import { setTimeout as sleep } from 'node:timers/promises';
import { isFor } from '#backing/embedder/embedders.ts';
import { Mendable } from '../terminal/mendable.ts';
import { checkAlone, type RollingOut } from './rolling-out.ts';

/**
 * Takes away a version for good: what was learnt, and once no process makes vectors of it any more, all of these. After a kill it can
 * be repeated. Throws Mendable, and changes nothing, where answers of any tenant are made of it, where it is configured for
 * all, or another tenant's own.
 */
export async function drop(on: RollingOut, id: string): Promise<void> {
  const { tenant_id, stores, embedders, tables, noticed_ms, signal } = on;
  await checkAlone(on);
  const embedder = embedders.all.find(({ version }) => version.id === id);
  if (embedder && embedder.tenant_id === undefined)
    throw new Mendable(`${id} is configured for all tenants: take it out of EMBEDDER everywhere first`);
  if (embedder && !isFor(embedder, tenant_id)) throw new Mendable(`${id} is not of ${tenant_id}`);
  for (const tenant of new Set([tenant_id, ...(await stores.catalogue.tenants(signal))])) {
    const current = await stores.versions.current(tenant, signal);
    if (current?.id === id) throw new Mendable(`${tenant} has ${id}: switch it to another version first`);
  }
  if (embedder) {
    await tables.remove(tenant_id, embedder.version, signal);
    // Longer than it takes to be noticed: whoever has noticed it just in time may still be writing.
    await sleep(2 * noticed_ms, undefined, { signal });
  }
  await stores.vectors.dropVersion(id, signal);
}
