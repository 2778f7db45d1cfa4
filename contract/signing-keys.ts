import * as v from 'valibot';
import { fromBase64url } from './base64url.ts';

/** Signing keys as configuration gives them: JSON, at least one, the first signs. */
export const SigningKeys = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.strictObject({
      id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)),
      secret: v.pipe(
        v.string(),
        v.check((secret) => (fromBase64url(secret)?.length ?? 0) >= 32),
      ),
    }),
  ),
  v.minLength(1),
);
