import { readSettings, setting } from '#backing/settings.ts';
import { importKeys, type Key, type SigningKey } from '#contract/signature.ts';
import { refuseForeign } from '../folder/data-folder.ts';
import { connect } from './connect.ts';
import { type OriginClient, originClient } from './origin-client.ts';

/** Whose admin asks, and where: an origin's address, or else a data folder. */
export type AtOrigin = { tenant: string; data: string; origin?: string };

/** Asks the origin of a deployment, by its ORIGIN_KEYS, or that of a data folder. Throws Mendable or BadSettings. */
export async function atOrigin<Told>(
  { tenant: tenant_id, data, origin }: AtOrigin,
  ask: (origin: OriginClient) => Promise<Told>,
): Promise<Told> {
  const client = async (url: string, keys: readonly SigningKey[]) => {
    const [key] = (await importKeys(keys.slice(0, 1))) as [Key];
    return ask(originClient({ url, key, tenant_id, clock: Date.now }));
  };
  if (origin !== undefined) {
    return client(origin, readSettings({ ORIGIN_KEYS: setting.keys }, process.env).ORIGIN_KEYS);
  }
  refuseForeign(data);
  const connection = await connect({ data, clock: Date.now, origin: true });
  try {
    return await client(connection.origin_url, [connection.keys.origin]);
  } finally {
    await connection.close();
  }
}
