import { readSettings, setting } from '#backing/settings.ts';
import { importKeys, type Key, type SigningKey } from '#contract/signature.ts';
import { type AskGateway, operatorClient } from '../files/operator-client.ts';
import { refuseForeign } from '../folder/data-folder.ts';
import { connect } from '../stack/connect.ts';
import { type OriginClient, originClient } from '../stack/origin-client.ts';
import { Mendable } from '../terminal/mendable.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

export type Where = { data: string; gateway?: string; origin?: string };

type Reached = { ask: AskGateway; origin: OriginClient };

/** Runs something with a gateway, which has the log, and an origin: those named, or those of a data folder. */
export async function reach(
  { data, gateway, origin }: Where,
  tenant_id: string,
  run: (reached: Reached) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  const keyOf = async ([key]: readonly SigningKey[]) => (await importKeys([key as SigningKey]))[0] as Key;
  const clients = async (
    gateway_url: string,
    gateway_keys: readonly SigningKey[],
    origin_url: string,
    origin_keys: readonly SigningKey[],
  ): Promise<Reached> => {
    const common = { tenant_id, clock: Date.now };
    return {
      ask: operatorClient({ ...common, url: gateway_url, key: await keyOf(gateway_keys), signal }),
      origin: originClient({ ...common, url: origin_url, key: await keyOf(origin_keys) }),
    };
  };
  if ((gateway === undefined) !== (origin === undefined))
    throw new Mendable('--gateway and --origin come together: give both, or neither');
  if (gateway !== undefined && origin !== undefined) {
    const read = readSettings({ GATEWAY_KEYS: setting.keys, ORIGIN_KEYS: setting.keys }, process.env);
    return run(await clients(gateway, read.GATEWAY_KEYS, origin, read.ORIGIN_KEYS));
  }
  refuseForeign(data);
  const { keys, gateway_url, origin_url, close } = await connect({ data, clock: Date.now, origin: true });
  try {
    await run(await clients(gateway_url, [keys.gateway], origin_url, [keys.origin]));
  } finally {
    await close();
  }
}
