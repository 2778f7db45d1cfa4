import type { ApiKey } from '#contract/api-key.ts';

/** There is a key with that id already, and it is another one. */
export class KeyTaken extends Error {
  readonly code = 'key_taken';
  readonly retryable = false;
  constructor(key_id: string) {
    super(`There is another API key with the id ${key_id}: make a new one`);
  }
}

/** The API keys of all tenants, ended ones as well, without their secrets. */
export interface ApiKeys {
  /** Keeps a new key; the same again changes nothing. Throws KeyTaken. */
  add(key: ApiKey, signal: AbortSignal): Promise<void>;
  /** A key, whoever's it is, or null where there is none. */
  get(key_id: string, signal: AbortSignal): Promise<ApiKey | null>;
  /** All keys of a tenant, by their ids. */
  of(tenant_id: string, signal: AbortSignal): Promise<ApiKey[]>;
  /**
   * Has a key expire at a moment, unless it does so before. Answers the key as it is then; null where the tenant has no
   * such key.
   */
  expire(tenant_id: string, key_id: string, at: string, signal: AbortSignal): Promise<ApiKey | null>;
  /** Revokes a key as of a moment; one revoked before keeps its moment. Answers as `expire` does. */
  revoke(tenant_id: string, key_id: string, at: string, signal: AbortSignal): Promise<ApiKey | null>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
