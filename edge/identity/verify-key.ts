import { BELIEVED_MS, endOf, isTokenOf, type KeyCopy, keyIdOf } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { importKeys, type Key, type SigningKey } from '#contract/signature.ts';
import { flights } from '../cache/flights.ts';
import { Lru } from '../cache/lru.ts';
import type { KeyLookup } from './key-lookup.ts';
import { unauthenticated } from './unauthenticated.ts';
import type { Verified } from './verify-token.ts';

const REMEMBERED_MS = 30_000;
const ABSENT_MS = 5_000;
const MOST = 4_096;
const PATIENCE_MS = 1_000;

type Remembered = { copy: KeyCopy | null; until_ms: number };

const WRONG = 'The API key is not known here: it is wrong, or of another environment';

/**
 * Checks API keys. What a lookup says of an id is remembered for 30 s, or 5 s where there is no such key, and
 * never past what its age allows: so a key that is revoked dies within a minute, and keys that are guessed
 * cost the tiers behind one lookup an id. While keys cannot be looked up, those that are not remembered are
 * not let in. Throws `unauthenticated`, or `unavailable` where a key cannot be looked up.
 */
export function keyVerifier({
  lookup,
  peppers,
  clock,
}: {
  lookup: KeyLookup;
  peppers: readonly SigningKey[];
  clock: Clock;
}) {
  const remembered = new Lru<Remembered>({ most: MOST });
  const lookups = flights<Remembered>();
  let imported: Key[] | undefined;

  async function look(key_id: string): Promise<Remembered> {
    const copy = await lookup(key_id);
    const now_ms = clock();
    const until_ms = copy ? Math.min(now_ms + REMEMBERED_MS, copy.read_ms + BELIEVED_MS) : now_ms + ABSENT_MS;
    const found = { copy, until_ms };
    remembered.set(key_id, found);
    return found;
  }

  return async (token: string, waitUntil: (work: Promise<unknown>) => void): Promise<Verified> => {
    const key_id = keyIdOf(token);
    if (key_id === null) throw unauthenticated('The API key is not whole: it is ew_<id>_<secret>');
    imported ??= await importKeys(peppers);
    let known = remembered.get(key_id);
    if (!known || clock() >= known.until_ms) {
      const options = { waitUntil, patience_ms: PATIENCE_MS };
      known = (await lookups.share(key_id, () => look(key_id), options)).value;
    }
    const { copy, until_ms } = known;
    if (!copy || !(await isTokenOf(token, copy.key, imported))) throw unauthenticated(WRONG);
    const { key } = copy;
    const ends_ms = endOf(key);
    if (clock() >= ends_ms) {
      const how = key.revoked_at === null ? 'has expired' : 'was revoked';
      throw unauthenticated(`The API key ${how}; use another one`);
    }
    const caller = { tenant_id: key.tenant_id, subject: null, scopes: key.scopes };
    return { caller, expires_ms: Math.min(until_ms, ends_ms) };
  };
}
