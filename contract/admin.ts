import * as v from 'valibot';
import { KeyId, KeyName, Scope } from './api-key.ts';
import { Instant, optional } from './values.ts';

const Scopes = v.pipe(
  v.array(Scope),
  v.minLength(1, 'Name at least one scope'),
  v.transform((list) => [...new Set(list)]),
);

/** The body of `POST /v1/admin/keys`. Without an end the key holds until it is revoked. */
export const CreateKey = v.strictObject({ name: KeyName, scopes: Scopes, expires_at: optional(Instant) });

/** The body of `POST /v1/admin/keys/{key_id}/rotate`: how long the old key goes on to hold; null ends it at once. */
export const RotateKey = v.strictObject({ old_expires_at: optional(Instant) });

const listed = {
  key_id: KeyId,
  name: v.string(),
  scopes: v.array(Scope),
  created_at: v.string(),
  expires_at: v.nullable(v.string()),
  revoked_at: v.nullable(v.string()),
};

/** A key as its tenant sees it. */
export const ListedKey = v.strictObject(listed);
export type ListedKey = v.InferOutput<typeof ListedKey>;

export const ListedKeys = v.strictObject({ keys: v.array(ListedKey) });
export type ListedKeys = v.InferOutput<typeof ListedKeys>;

/** A key that was just made: `api_key` is told this once, and kept nowhere. */
export const MadeKey = v.strictObject({ ...listed, api_key: v.string() });
export type MadeKey = v.InferOutput<typeof MadeKey>;
