import * as v from 'valibot';

/** A set of public keys (RFC 7517), each with an id. A private or a symmetric key is no part of one. */
export const JwkSet = v.object({
  keys: v.array(
    v.pipe(
      v.looseObject({ kty: v.picklist(['RSA', 'EC', 'OKP']), kid: v.pipe(v.string(), v.minLength(1)) }),
      v.check((key) => !('d' in key)),
    ),
  ),
});
export type JwkSet = v.InferOutput<typeof JwkSet>;
