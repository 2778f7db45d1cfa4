import { KEYS_PATH, type KeyCopy, NOBODY_YET, unpackKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { readBytes } from '../body.ts';
import { type SignedFetch, unavailable } from '../signed-fetch.ts';

/** What is kept of the key with an id; null where there is none. Throws `out-of-time` or `unavailable`. */
export type KeyLookup = (key_id: string) => Promise<KeyCopy | null>;

const DEADLINE_MS = 500;
const MOST_BYTES = 4096;

/** Looks keys up at the origin. */
export function originKeys({ send, clock }: { send: SignedFetch; clock: Clock }): KeyLookup {
  async function copyOf(response: Response): Promise<KeyCopy | null> {
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    const text = new TextDecoder().decode(await readBytes(response.body, MOST_BYTES));
    const copy = response.status === 200 ? unpackKey(text, clock()) : null;
    if (!copy) throw unavailable('API keys cannot be looked up just now; try again');
    return copy;
  }

  return (key_id) =>
    send(
      { method: 'GET', path: `${KEYS_PATH}/${key_id}`, caller: NOBODY_YET, deadline_ms: DEADLINE_MS },
      copyOf,
    );
}
