import * as v from 'valibot';
import { DEVELOPMENT_ISSUER } from '#contract/development.ts';
import { Id, Locale, TenantId } from '#contract/ids.ts';
import type { SigningKey } from '#contract/signature.ts';
import { SigningKeys } from '#contract/signing-keys.ts';
import { JwkSet } from './identity/jwk-set.ts';
import type { Limiter, Limiters } from './limits/limits.ts';
import { BINDINGS, type LimitBinding } from './limits/tiers.ts';
import type { Dataset } from './observe.ts';
import { Tenant } from './tenants.ts';

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
  /** What API keys are kept under; empty in development alone, and then no API key is let in. */
  key_peppers: readonly SigningKey[];
  tenants: readonly Tenant[];
  /** All of them but in development, where what is missing does not limit. */
  limiters: Limiters;
  analytics: Dataset | undefined;
  /** How long a read may take, in ms. */
  read_deadline_ms: number;
  /** The Redis that the origin keeps answers in; null where the edge does without. */
  redis: { url: string; token: string; deadline_ms: number } | null;
  /** Whether the cache of the data centre is used. */
  colo_cache: boolean;
  /** For which places and languages popular lists are published; null is for who names none. */
  popular_lists: { placements: readonly string[]; locales: readonly (string | null)[] };
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
  KEY_PEPPERS:
    'as ORIGIN_KEYS, and sharing no secret with them or GATEWAY_KEYS; in development it may be left out',
  TENANTS: 'JSON [{"tenant", "tier", "origins"}], each tenant once, origins such as https://app.example.com',
  ANALYTICS: 'a dataset of Analytics Engine, or left out',
  ...(Object.fromEntries(
    BINDINGS.map((name) => [
      name,
      'a rate limit, as wrangler.toml binds it; in development it may be left out',
    ]),
  ) as Record<LimitBinding, string>),
  READ_DEADLINE_MS: 'a whole number of ms from 50 to 30000, or left out',
  UPSTASH_REDIS_REST_URL:
    'the address of the REST API of Redis, https outside development, beside UPSTASH_REDIS_REST_TOKEN; or both left out',
  UPSTASH_REDIS_REST_TOKEN: 'the token of that API, beside UPSTASH_REDIS_REST_URL; or both left out',
  REDIS_DEADLINE_MS: 'a whole number of ms from 10 to 5000, or left out',
  COLO_CACHE: '"on", "off", or left out',
  POPULAR_LISTS: 'JSON {"placements": […], "locales": [null, …]}, each at least one, or left out',
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

const Milliseconds = (least: number, most: number) =>
  v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(least), v.maxValue(most));
/** A binding, which is no text: it is told by the function that it has. */
const binding = <Binding>(method: string) =>
  v.optional(
    v.custom<Binding>(
      (given) => typeof (given as Record<string, unknown> | null | undefined)?.[method] === 'function',
    ),
    undefined,
  );

const LimitBindings = Object.fromEntries(BINDINGS.map((name) => [name, binding<Limiter>('limit')])) as Record<
  LimitBinding,
  ReturnType<typeof binding<Limiter>>
>;

const Tenants = json(
  v.pipe(
    v.array(Tenant),
    v.check((list) => new Set(list.map(({ tenant }) => tenant)).size === list.length),
  ),
);

const Env = v.object({
  ...LimitBindings,
  ANALYTICS: binding<Dataset>('writeDataPoint'),
  KEY_PEPPERS: v.optional(SigningKeys, undefined),
  TENANTS: v.optional(Tenants, '[]'),
  ENVIRONMENT: v.picklist(['development', 'staging', 'production']),
  ORIGIN_URL: Base,
  GATEWAY_URL: Base,
  ORIGIN_KEYS: SigningKeys,
  GATEWAY_KEYS: SigningKeys,
  ISSUERS: Issuers,
  READ_DEADLINE_MS: v.optional(Milliseconds(50, 30_000), '800'),
  UPSTASH_REDIS_REST_URL: v.optional(Base, undefined),
  UPSTASH_REDIS_REST_TOKEN: v.optional(v.pipe(v.string(), v.regex(/^[!-~]+$/)), undefined),
  REDIS_DEADLINE_MS: v.optional(Milliseconds(10, 5_000), '150'),
  COLO_CACHE: v.optional(v.picklist(['on', 'off']), 'on'),
  POPULAR_LISTS: v.optional(
    json(
      v.strictObject({
        placements: v.pipe(v.array(Id), v.minLength(1)),
        locales: v.pipe(v.array(v.nullable(Locale)), v.minLength(1)),
      }),
    ),
    '{"placements":["discover","continue"],"locales":[null]}',
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
  const [url, token] = [env.UPSTASH_REDIS_REST_URL, env.UPSTASH_REDIS_REST_TOKEN];
  if (open(url) || (token !== undefined && url === undefined)) wrong.push('UPSTASH_REDIS_REST_URL');
  if (url !== undefined && token === undefined) wrong.push('UPSTASH_REDIS_REST_TOKEN');
  const signing = new Set([...env.ORIGIN_KEYS, ...env.GATEWAY_KEYS].map(({ secret }) => secret));
  const peppers = env.KEY_PEPPERS ?? [];
  if (peppers.some(({ secret }) => signing.has(secret)) || (peppers.length === 0 && !development)) {
    wrong.push('KEY_PEPPERS');
  }
  if (!development) wrong.push(...BINDINGS.filter((name) => env[name] === undefined));
  return wrong;
}

function redisOf(env: v.InferOutput<typeof Env>): Config['redis'] {
  const [url, token] = [env.UPSTASH_REDIS_REST_URL, env.UPSTASH_REDIS_REST_TOKEN];
  return url && token ? { url: url.origin, token, deadline_ms: env.REDIS_DEADLINE_MS } : null;
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
    key_peppers: output.KEY_PEPPERS ?? [],
    tenants: output.TENANTS,
    limiters: Object.fromEntries(BINDINGS.map((name) => [name, output[name]])),
    analytics: output.ANALYTICS,
    read_deadline_ms: output.READ_DEADLINE_MS,
    redis: redisOf(output),
    colo_cache: output.COLO_CACHE === 'on',
    popular_lists: output.POPULAR_LISTS,
  };
}
