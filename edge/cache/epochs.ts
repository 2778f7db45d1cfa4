import * as v from 'valibot';
import type { Caller } from '#contract/caller.ts';
import { EPOCHS_PATH, type EpochReader, Epochs } from '#contract/epoch.ts';
import { readBytes } from '../body.ts';
import { type SignedFetch, unavailable } from '../signed-fetch.ts';

const DEADLINE_MS = 200;
const MOST_BYTES = 1024;

async function epochsOf(response: Response): Promise<Epochs> {
  const text = new TextDecoder().decode(await readBytes(response.body, MOST_BYTES));
  if (response.status !== 200) throw unavailable('The epochs cannot be read just now');
  return v.parse(Epochs, JSON.parse(text));
}

/** Reads epochs from the origin, within 200 ms. Throws `out-of-time` or `unavailable`. */
export function originEpochs(send: SignedFetch): EpochReader {
  return {
    read(tenant_id, user_id, signal) {
      const query = user_id === null ? '' : `?${new URLSearchParams({ user_id })}`;
      const caller: Caller = { tenant_id, subject: null, scopes: [] };
      return send(
        { method: 'GET', path: EPOCHS_PATH + query, caller, deadline_ms: DEADLINE_MS, signal },
        epochsOf,
      );
    },
  };
}
