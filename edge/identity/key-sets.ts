import { createLocalJWKSet, type LocalJWKSet } from 'jose';
import * as v from 'valibot';
import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { readBytes } from '../body.ts';
import { flights } from '../cache/flights.ts';
import type { Issuer } from '../config.ts';
import type { Log } from '../log.ts';
import { JwkSet } from './jwk-set.ts';

const AHEAD_MS = 4 * 60_000;
const FRESH_MS = 5 * 60_000;
const STALE_MS = 24 * 3600_000;
const RETRY_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const FETCH_MS = 3_000;
/** Who waits for another's fetch gives up a little after it would have. */
const PATIENCE_MS = FETCH_MS + 500;
const MOST_BYTES = 256 * 1024;

/** The keys of an issuer, in a shape that can go from one request to another. */
type Held = { find: LocalJWKSet; kids: ReadonlySet<string>; fetched_ms: number };

export type KeySets = {
  /**
   * The keys of an issuer. Those at an address are remembered for 5 minutes, and up to a day while they cannot
   * be had anew. From 4 minutes on they are asked for behind whoever needs them, so that nobody waits while
   * they are in use. A `kid` that they lack has them asked for again, at most once in 30 s. Throws
   * `unavailable` where none can be had.
   */
  of(issuer: Issuer, kid: string, waitUntil: (work: Promise<unknown>) => void): Promise<LocalJWKSet>;
};

function held(jwks: JwkSet, fetched_ms: number): Held {
  return { find: createLocalJWKSet(jwks), kids: new Set(jwks.keys.map(({ kid }) => kid)), fetched_ms };
}

export function keySets({
  fetch,
  clock,
  log,
}: {
  fetch: typeof globalThis.fetch;
  clock: Clock;
  log: Log;
}): KeySets {
  const inline = new Map<string, LocalJWKSet>();
  const remembered = new Map<string, Held>();
  const tried_ms = new Map<string, number>();
  const fetches = flights<void>();

  async function load(issuer: string, address: URL): Promise<void> {
    const asked_ms = clock();
    tried_ms.set(issuer, asked_ms);
    try {
      const signal = AbortSignal.timeout(FETCH_MS);
      const response = await fetch(address.href, {
        signal,
        redirect: 'manual',
        headers: { Accept: 'application/json' },
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const text = new TextDecoder().decode(await readBytes(response.body, MOST_BYTES));
      remembered.set(issuer, held(v.parse(JwkSet, JSON.parse(text)), asked_ms));
    } catch (error) {
      log({ level: 'warn', event: 'key_set_unavailable', issuer, error: (error as Error).name });
    }
  }

  return {
    async of({ issuer, jwks, jwks_uri }, kid, waitUntil) {
      if (jwks) {
        const find = inline.get(issuer) ?? createLocalJWKSet(jwks);
        inline.set(issuer, find);
        return find;
      }
      const now_ms = clock();
      const known = remembered.get(issuer);
      const age_ms = known ? now_ms - known.fetched_ms : Number.POSITIVE_INFINITY;
      const since_ms = now_ms - (tried_ms.get(issuer) ?? Number.NEGATIVE_INFINITY);
      const due = since_ms >= (known ? RETRY_MS : FIRST_RETRY_MS);
      const fetched = () =>
        fetches.share(issuer, () => load(issuer, jwks_uri as URL), { waitUntil, patience_ms: PATIENCE_MS });
      if (known?.kids.has(kid) && age_ms < FRESH_MS) {
        if (age_ms >= AHEAD_MS && due && !fetches.has(issuer)) void fetched();
        return known.find;
      }
      if (due || fetches.has(issuer)) await fetched();
      const found = remembered.get(issuer);
      if (found && now_ms - found.fetched_ms < STALE_MS) return found.find;
      throw new Problem('unavailable', 'The keys of the issuer cannot be had just now; try again soon', {
        headers: { 'Retry-After': '1' },
      });
    },
  };
}
