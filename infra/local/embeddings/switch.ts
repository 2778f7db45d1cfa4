import { type Embedders, isFor } from '#backing/embedder/embedders.ts';
import { type EmbeddingVersion, sameVersion } from '#backing/embedder/port.ts';
import { Mendable } from '../terminal/mendable.ts';
import { embedderOf } from './rolling-out.ts';
import type { SwitchStores } from './stores.ts';

/** How many campaigns are looked up at once. */
const AT_ONCE = 8;

/** How many of a tenant's campaigns have a vector of a version. */
type Coverage = { version: EmbeddingVersion; campaigns: number; with_vector: number };

type Asked = { stores: SwitchStores; embedders: Embedders; tenant_id: string; signal: AbortSignal };

/** Which version a tenant's answers are made of (`switched` is false where nobody ever chose), and what each one holds. */
export type EmbeddingStatus = { current: EmbeddingVersion; switched: boolean; versions: Coverage[] };

async function coverage(
  { stores: { catalogue, vectors }, tenant_id, signal }: Asked,
  version: EmbeddingVersion,
): Promise<Coverage> {
  const campaigns = await catalogue.all(tenant_id, signal);
  const left = campaigns.values();
  let with_vector = 0;
  const look = async () => {
    for (const { campaign_id } of left) {
      if (await vectors.campaign(version, tenant_id, campaign_id, signal)) with_vector++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return { version, campaigns: campaigns.length, with_vector };
}

/** Looks, and changes nothing. A current version that no configured embedder makes is among those it tells of. */
export async function embeddingStatus(asked: Asked): Promise<EmbeddingStatus> {
  const { stores, embedders, tenant_id, signal } = asked;
  const row = await stores.versions.current(tenant_id, signal);
  const current = row ?? embedders.usual;
  const known = embedders.all.filter((one) => isFor(one, tenant_id)).map(({ version }) => version);
  const all = known.some((version) => sameVersion(version, current)) ? known : [...known, current];
  const versions: Coverage[] = [];
  for (const version of all) versions.push(await coverage(asked, version));
  return { current, switched: row !== null, versions };
}

/**
 * Switches a tenant's answers to another version by its row, and raises the tenant's epoch. Throws Mendable, and changes
 * nothing, where no embedder of that version is configured for the tenant, where the tenant has no campaign vectors of it, or,
 * unless `partial`, fewer than of its current one, or where somebody else has switched in between. After any other
 * failure it can be repeated.
 */
export async function switchEmbeddings(
  asked: Asked,
  { to: id, partial }: { to: string; partial: boolean },
): Promise<EmbeddingVersion> {
  const { stores, embedders, tenant_id, signal } = asked;
  const { version: to } = embedderOf(asked, id);
  const { versions, answers } = stores;
  const row = await versions.current(tenant_id, signal);
  const [before, after] = [await coverage(asked, row ?? embedders.usual), await coverage(asked, to)];
  if (after.with_vector === 0)
    throw new Mendable(`${tenant_id} has no campaign vectors of ${id}: let the views write them first`);
  if (after.with_vector < before.with_vector && !partial) {
    throw new Mendable(
      `Of ${after.campaigns} campaigns of ${tenant_id}, ${after.with_vector} have vectors of ${id}, and ` +
        `${before.with_vector} of ${before.version.id}: let the views write them first, or add --partial`,
    );
  }
  if (!(await versions.switch({ tenant_id, from: row, to }, signal)))
    throw new Mendable(`Somebody else has switched ${tenant_id} just now: look at its status, and try again`);
  await answers.raise([{ tenant_id, user_id: null }], signal);
  return to;
}
