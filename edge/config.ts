import * as v from 'valibot';
import { DEVELOPMENT_ISSUER } from '#contract/development.ts';
import { TenantId } from '#contract/ids.ts';
import type { SigningKey } from '#contract/signature.ts';
import { SigningKeys } from '#contract/signing-keys.ts';
import { JwkSet } from './identity/jwk-set.ts';

/** An issuer of tokens: whom it may speak for, and where its keys are: here, or at an address. */
export type Issuer = {
  issuer: string;
  tenants: readonly string[];
  audience: string;
  algorithms: readonly string[];
  jwks?: JwkSet | undefined;
  jwks_uri?: URL | undefined;
};

/** What the Worker is told by its environment. The first of each list of keys signs. */
export type Config = {
  environment: 'development' | 'staging' | 'production';
  origin_url: URL;
  gateway_url: URL;
  origin_keys: readonly SigningKey[];
  gateway_keys: readonly SigningKey[];
  issuers: readonly Issuer[];
  /** How long a read may take, in ms. */
  read_deadline_ms: number;
};

/** What each field should be. Told instead of the parser's own words, since those hold values. */
const WANTED = {
  ENVIRONMENT: '"development", "staging" or "production"',
  ORIGIN_URL: 'the address of the origin without a path, https outside development',
  GATEWAY_URL: 'the address of the event gateway without a path, https outside development',
  ORIGIN_KEYS: 'JSON [{"id", "secret"}], each secret at least 32 bytes in base64url, the first one signs',
  GATEWAY_KEYS: 'as ORIGIN_KEYS, and sharing no id or secret with them',
  ISSUERS:
    'JSON [{"issuer", "tenants", "audience", "algorithms", "jwks" or "jwks_uri"}], each issuer once, public keys with a kid, jwks_uri https outside development, and the development issuer in development only',
  READ_DEADLINE_MS: 'a whole number of ms from 50 to 30000, or left out',
} as const;

type Field = keyof typeof WANTED;

/** The environment does not say what it must. The message names fields and what they should be, never values. */
export class BadConfiguration extends Error {
  readonly code = 'bad_configuration';
  readonly retryable = false;
  readonly fields: readonly Field[];
  constructor(fields: readonly Field[]) {
    super(
      `The configuration is wrong: ${fields.map((field) => `${field} should be ${WANTED[field]}`).join('; ')}`,
    );
    this.fields = fields;
  }
}

const Address = v.pipe(
  v.string(),
  v.url(),
  v.transform((text) => new URL(text)),
);
const Base = v.pipe(
  Address,
  v.check(({ protocol }) => protocol === 'https:' || protocol === 'http:'),
  v.check((url) => url.href === `${url.origin}/`),
);

const json = <Schema extends v.GenericSchema>(schema: Schema) => v.pipe(v.string(), v.parseJson(), schema);

const Issuers = json(
  v.pipe(
    v.array(
      v.pipe(
        v.strictObject({
          issuer: v.pipe(v.string(), v.minLength(1)),
          tenants: v.pipe(v.array(TenantId), v.minLength(1)),
          audience: v.pipe(v.string(), v.minLength(1)),
          algorithms: v.pipe(v.array(v.picklist(['RS256', 'ES256', 'EdDSA'])), v.minLength(1)),
          jwks: v.optional(JwkSet, undefined),
          jwks_uri: v.optional(Address, undefined),
        }),
        v.check(({ jwks, jwks_uri }) => (jwks === undefined) !== (jwks_uri === undefined)),
      ),
    ),
    v.minLength(1),
    v.check((list) => new Set(list.map(({ issuer }) => issuer)).size === list.length),
  ),
);

const Env = v.object({
  ENVIRONMENT: v.picklist(['development', 'staging', 'production']),
  ORIGIN_URL: Base,
  GATEWAY_URL: Base,
  ORIGIN_KEYS: SigningKeys,
  GATEWAY_KEYS: SigningKeys,
  ISSUERS: Issuers,
  READ_DEADLINE_MS: v.optional(
    v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(50), v.maxValue(30_000)),
    '800',
  ),
});

/** The fields that are right one by one, and wrong beside the others. */
function misfits(env: v.InferOutput<typeof Env>): Field[] {
  const wrong: Field[] = [];
  const development = env.ENVIRONMENT === 'development';
  const open = (url: URL | undefined) => url?.protocol === 'http:' && !development;
  if (open(env.ORIGIN_URL)) wrong.push('ORIGIN_URL');
  if (open(env.GATEWAY_URL)) wrong.push('GATEWAY_URL');
  const shared = (key: SigningKey) =>
    env.ORIGIN_KEYS.some(({ id, secret }) => id === key.id || secret === key.secret);
  if (env.GATEWAY_KEYS.some(shared)) wrong.push('GATEWAY_KEYS');
  const foreign = ({ issuer, jwks_uri }: Issuer) =>
    (issuer === DEVELOPMENT_ISSUER && !development) || open(jwks_uri);
  if (env.ISSUERS.some(foreign)) wrong.push('ISSUERS');
  return wrong;
}

/** Reads the environment. Throws BadConfiguration. */
export function readConfig(env: unknown): Config {
  const { success, output, issues } = v.safeParse(Env, env);
  const wrong = success ? misfits(output) : issues.map((issue) => issue.path?.[0]?.key as Field);
  if (!success || wrong.length > 0) throw new BadConfiguration([...new Set(wrong)]);
  return {
    environment: output.ENVIRONMENT,
    origin_url: output.ORIGIN_URL,
    gateway_url: output.GATEWAY_URL,
    origin_keys: output.ORIGIN_KEYS,
    gateway_keys: output.GATEWAY_KEYS,
    issuers: output.ISSUERS,
    read_deadline_ms: output.READ_DEADLINE_MS,
  };
}
