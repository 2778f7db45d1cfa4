import * as v from 'valibot';
import type { Clock } from '#contract/clock.ts';
import { type Key, sign } from '#contract/signature.ts';
import { Mendable } from '../terminal/mendable.ts';

const DEADLINE_MS = 60_000;
const Told = v.object({ detail: v.fallback(v.string(), '') });

/** Asks the gateway as its operator; gives the answer's JSON, or null where it has no content. */
export type AskGateway = (method: 'GET' | 'POST' | 'DELETE', path: string) => Promise<unknown>;

/** Throws Mendable where the gateway does not answer, does not know our key, or says what is wrong. */
export function operatorClient(options: {
  url: string;
  key: Key;
  /** In whose name it is signed: what is asked belongs to none. */
  tenant_id: string;
  clock: Clock;
  signal: AbortSignal;
}): AskGateway {
  const { url: base, key, tenant_id, clock, signal } = options;
  return async (method, path) => {
    const url = new URL(path, base);
    const caller = { tenant_id, subject: null, scopes: ['admin' as const] };
    const headers = await sign({ method, url, caller, deadline_ms: DEADLINE_MS, body: null }, key, clock());
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    const response = await fetch(url, { method, headers, signal: timeout }).catch((cause) => {
      signal.throwIfAborted();
      throw new Mendable(`The gateway at ${url.origin} does not answer: is it running?`, { cause });
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
    if (response.status === 401)
      throw new Mendable(
        `The gateway at ${url.origin} does not know our key, or its clock differs from ours`,
      );
    const { detail } = v.parse(Told, await response.json().catch(() => ({})));
    throw new Mendable(detail || `The gateway answered ${response.status} to ${url.pathname}`);
  };
}
