import * as v from 'valibot';
import type { Clock } from '#contract/clock.ts';
import { ProblemDetails } from '#contract/problem-details.ts';
import { type Key, sign } from '#contract/signature.ts';
import { Mendable } from '../terminal/mendable.ts';

const DEADLINE_MS = 10_000;

type Command<Schema extends v.GenericSchema> = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  /** What the answer is. */
  schema: Schema;
};

/** Has an origin do something for a tenant's admin. Throws Mendable where it will not. */
export type OriginClient = <Schema extends v.GenericSchema>(
  command: Command<Schema>,
) => Promise<v.InferOutput<Schema>>;

/** Signs commands to an origin as the edge would for an API key with the scope `admin`. */
export function originClient({
  url: base,
  key,
  tenant_id,
  clock,
}: {
  url: string;
  key: Key;
  tenant_id: string;
  clock: Clock;
}): OriginClient {
  return async ({ method, path, body, schema }) => {
    const url = new URL(path, base);
    const bytes = body === undefined ? null : new Uint8Array(Buffer.from(JSON.stringify(body)));
    const caller = { tenant_id, subject: null, scopes: ['admin'] } as const;
    const headers = await sign({ method, url, caller, deadline_ms: DEADLINE_MS, body: bytes }, key, clock());
    if (bytes) headers.set('Content-Type', 'application/json');
    let response: Response;
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      response = await fetch(url, { method, headers, body: bytes, signal });
    } catch (cause) {
      throw new Mendable(`The origin at ${url.origin} does not answer: is it running?`, { cause });
    }
    const told: unknown = await response.json().catch(() => null);
    if (response.ok) return v.parse(schema, told);
    if (response.status === 401) {
      throw new Mendable(`The origin at ${url.origin} does not know our key: it has other ORIGIN_KEYS`);
    }
    const problem = v.safeParse(ProblemDetails, told);
    const detail = problem.success ? problem.output.detail : `it answered ${response.status}`;
    throw new Mendable(`The origin at ${url.origin} says: ${detail}`);
  };
}
