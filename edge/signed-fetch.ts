import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { importKeys, type Key, type SigningKey, sign } from '#contract/signature.ts';
import { type Log, traceOf } from './log.ts';

/** What is asked of a tier behind the edge, and for whom. `deadline_ms` is how long it may take, all in all. */
type SignedRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. */
  path: string;
  caller: Caller;
  deadline_ms: number;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array<ArrayBuffer> | null;
  signal?: AbortSignal;
};

/**
 * Sends a signed request and gives what `read` makes of the response, all before the deadline. Throws
 * `out-of-time` on the deadline; `unavailable` where there is no response, it breaks off, or the signature
 * is refused.
 */
export type SignedFetch = <T>(
  request: SignedRequest,
  read: (response: Response) => T | Promise<T>,
) => Promise<T>;

export function unavailable(detail: string): Problem {
  return new Problem('unavailable', detail, { headers: { 'Retry-After': '1' } });
}

export function signedFetch({
  name,
  base,
  keys,
  fetch,
  clock,
  log,
}: {
  name: 'origin' | 'gateway';
  base: URL;
  keys: readonly SigningKey[];
  fetch: typeof globalThis.fetch;
  clock: Clock;
  log: Log;
}): SignedFetch {
  // The key is remembered, not the promise of it, which would hang for good with the request that made it.
  let key: Key | undefined;
  const signingKey = async () => {
    key ??= (await importKeys(keys.slice(0, 1)))[0] as Key;
    return key;
  };

  return async ({ method, path, caller, deadline_ms, headers = {}, body = null, signal }, read) => {
    if (deadline_ms <= 0) throw new Problem('out-of-time', `No time was left to ask the ${name}`);
    const url = new URL(path, base);
    const deadline = AbortSignal.timeout(deadline_ms);
    try {
      const signed = await sign({ method, url, caller, deadline_ms, body }, await signingKey(), clock());
      for (const [header, value] of Object.entries(headers)) signed.set(header, value);
      const response = await fetch(url.href, {
        method,
        headers: signed,
        body,
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      if (response.status === 401) {
        log({ level: 'error', event: 'signature_refused', tier: name });
        throw unavailable(`The ${name} does not answer this edge just now`);
      }
      return await read(response);
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (deadline.aborted) {
        log({ level: 'warn', event: 'out_of_time', tier: name, deadline_ms });
        throw new Problem('out-of-time', `The ${name} did not answer in time; try again`);
      }
      log({ level: 'warn', event: 'unreachable', tier: name, ...traceOf(error) });
      throw unavailable(`The ${name} cannot be reached just now; try again`);
    }
  };
}
