import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { SigningKeys } from '#contract/signing-keys.ts';

/** A variable of the environment: what it must hold, in words for who sets it, and how it is read. */
export type Setting<Schema extends v.GenericSchema = v.GenericSchema> = { wanted: string; schema: Schema };

export type Settings = Readonly<Record<string, Setting>>;
export type Read<All extends Settings> = { [Name in keyof All]: v.InferOutput<All[Name]['schema']> };

/** The environment does not say what it must. The message names each variable and what it should hold, never what it holds. */
export class BadSettings extends Error {
  readonly code = 'bad_settings';
  readonly retryable = false;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings from the environment; an empty variable is a missing one, and `NAME_FILE` names a file that holds
 * what NAME would, as a mounted secret does. `checks` judge what was read as a whole: each gives a sentence, or null
 * where all is well. Throws BadSettings, naming all that is wrong.
 */
export function readSettings<All extends Settings>(
  settings: All,
  env: Environment,
  checks: readonly ((read: Read<All>) => string | null)[] = [],
): Read<All> {
  const read: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, { wanted, schema }] of Object.entries(settings)) {
    const given = givenTo(name, env);
    if ('unreadable' in given) {
      wrong.push(given.unreadable);
      continue;
    }
    const result = v.safeParse(schema, given.text);
    if (result.success) read[name] = result.output;
    else wrong.push(`${name} should be ${wanted}`);
  }
  if (wrong.length === 0) wrong.push(...checks.flatMap((check) => check(read as Read<All>) ?? []));
  if (wrong.length > 0) throw new BadSettings(`The configuration is wrong: ${wrong.join('; ')}`);
  return read as Read<All>;
}

/** Whatever a variable should hold is far shorter. */
const FILE_BYTES = 1024 * 1024;

/** What a variable, or the file that stands for it, holds. A file's last line break is none of its value. */
function givenTo(name: string, env: Environment): { text: string | undefined } | { unreadable: string } {
  const [text, path] = [env[name] || undefined, env[`${name}_FILE`]];
  if (!path) return { text };
  if (text !== undefined) return { unreadable: `${name} and ${name}_FILE are both set: leave one out` };
  try {
    if (statSync(path).size > FILE_BYTES)
      return { unreadable: `${name}_FILE names a file of more than ${FILE_BYTES} bytes` };
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined };
  } catch (error) {
    const { code } = error as { code?: string };
    return { unreadable: `${name}_FILE should name a file that can be read (${code ?? 'it cannot'})` };
  }
}

function address(wanted: string, protocols: readonly string[]): Setting<v.GenericSchema<string>> {
  const known = (text: string) => URL.canParse(text) && protocols.includes(new URL(text).protocol);
  return { wanted, schema: v.pipe(v.string(), v.check(known)) };
}

function number(wanted: string, { least, most, usual }: { least: number; most: number; usual: number }) {
  const Number_ = v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(least), v.maxValue(most));
  return {
    wanted: `${wanted}, from ${least} to ${most} (${usual} where it is left out)`,
    schema: v.optional(Number_, String(usual)),
  };
}

function share(wanted: string, usual: string) {
  return {
    wanted: `${wanted}, from 0 to 1 (${usual} where it is left out)`,
    schema: v.pipe(
      v.optional(v.string(), usual),
      v.decimal(),
      v.transform(Number),
      v.minValue(0),
      v.maxValue(1),
    ),
  };
}

/** What stands before names, so that several installations share one service. */
function prefix(what: string, usual: string) {
  const known = (given: string) => given === usual || /^[a-z][a-z0-9_]{0,40}$/.test(given);
  const schema = v.pipe(v.optional(v.string(), usual), v.check(known));
  return {
    wanted: `a-z, 0-9 and "_", to stand before the names of ${what} (${usual || 'none'} where it is left out)`,
    schema,
  };
}

/** Text that may be left out: a name, or a secret. */
function text(wanted: string) {
  return { wanted, schema: v.optional(v.string()) };
}

/** What `openssl` writes, as text; `NAME_FILE` is the usual way to give it. */
function pem(what: string) {
  return {
    wanted: `${what}, in PEM (or a file of it, by the same name with _FILE)`,
    schema: v.optional(v.pipe(v.string(), v.includes('-----BEGIN '))),
  };
}

function oneOf<const Names extends readonly string[]>(what: string, names: Names) {
  return { wanted: `${what}: ${names.join(', ')}`, schema: v.optional(v.picklist(names)) };
}

/** True where an address leaves TLS to `sslmode`, in words that every client takes alike. */
function knownTls(address: string): boolean {
  const asked = [...new URL(address).searchParams].filter(([name]) => name.startsWith('ssl'));
  return asked.every(
    ([name, value]) => name === 'sslmode' && (POSTGRES_TLS as readonly string[]).includes(value),
  );
}

/** Modes of PostgreSQL's clients that say whether there is TLS, not "perhaps". `no-verify` trusts any certificate. */
export const POSTGRES_TLS = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

/** An address that is told in messages, so nothing secret may stand in it. */
function openAddress(wanted: string, protocols: readonly string[]): Setting<v.GenericSchema<string>> {
  const { schema } = address(wanted, protocols);
  const open = (text: string) => !URL.parse(text)?.username && !URL.parse(text)?.password;
  return { wanted: `${wanted}, without a user or a password`, schema: v.pipe(schema, v.check(open)) };
}

/** One or more of some names, the first counting most. */
function namesOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  const Name = v.picklist(names);
  return {
    wanted: `of ${names.join(' and ')} one, or both separated by a comma (${names[0]} where it is left out)`,
    schema: v.pipe(
      v.optional(v.string(), names[0]),
      v.transform((text) => text.split(',').map((one) => one.trim())),
      v.array(Name),
      v.check((all) => new Set(all).size === all.length),
    ),
  };
}

const hostPort = /^[A-Za-z0-9.:[\]-]+:\d{1,5}$/;

/** What the tiers' settings are made of. */
export const setting = {
  keys: {
    wanted: 'JSON [{"id", "secret"}], each secret at least 32 bytes in base64url',
    schema: SigningKeys,
  },
  peppers: {
    wanted: 'JSON [{"id", "secret"}] as the Worker has them, each secret at least 32 bytes in base64url',
    schema: SigningKeys,
  },
  host: {
    wanted: 'the address to listen on (127.0.0.1 where it is left out)',
    schema: v.optional(v.string(), '127.0.0.1'),
  },
  port: (usual: number) => number('the port to listen on', { least: 0, most: 65535, usual }),
  answer_ms: number('how long, in ms, an answer may take before it is put together of what is there', {
    least: 10,
    most: 10_000,
    usual: 70,
  }),
  dependency_ms: number('how long, in ms, a dependency may take before an answer is made without it', {
    least: 10,
    most: 5000,
    usual: 150,
  }),
  otlp_endpoint: {
    wanted: 'http:// or https:// and host:port of a collector of traces (none where it is left out)',
    schema: v.optional(address('', ['http:', 'https:']).schema),
  },
  trace_share: share('the share of traces that is kept', '0.01'),
  recall_share: share('the share of searches by an index that is asked again by none', '0.001'),
  answers_at_once: number('how many answers are made at once, before others are refused', {
    least: 1,
    most: 10_000,
    usual: 128,
  }),
  data_folder: {
    wanted: 'a folder for what is embedded, which one process has at a time',
    schema: v.string(),
  },
  postgres_url: {
    wanted:
      'postgres://user:password@host:port/database, with ?sslmode=require for TLS and no other setting of TLS',
    schema: v.pipe(address('', ['postgres:', 'postgresql:']).schema, v.check(knownTls)),
  },
  postgres_password: text('the password of the user in POSTGRES_URL'),
  postgres_ca: pem("the authority of PostgreSQL's certificate"),
  postgres_schema: {
    wanted: 'the schema of the tables (edgewise where it is left out)',
    schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_]{0,62}$/)), 'edgewise'),
  },
  redis_url: address('redis://host:port, or rediss:// for TLS', ['redis:', 'rediss:']),
  redis_password: text('the password of the user in REDIS_URL'),
  redis_ca: pem("the authority of Redis's certificate"),
  milvus_address: {
    wanted: 'host:port of Milvus, or https://host:port for TLS',
    schema: v.pipe(
      v.string(),
      v.check((given) => hostPort.test(given.replace(/^https:\/\//, ''))),
    ),
  },
  milvus_user: text('a user of Milvus'),
  milvus_password: text('the password of MILVUS_USER'),
  milvus_token: text('an API key of Milvus, instead of user and password'),
  milvus_database: text('a database of Milvus'),
  milvus_ca: pem("the authority of Milvus's certificate"),
  milvus_prefix: prefix('collections', 'edgewise_'),
  milvus_history_before: {
    wanted: 'a month such as 2026-01: older messages share one collection (2026-01 where it is left out)',
    schema: v.optional(v.pipe(v.string(), v.regex(/^\d{4}-(0[1-9]|1[0-2])$/)), '2026-01'),
  },
  embedder: namesOf(['hashing', 'http']),
  embeddings_url: openAddress('what /embeddings stands below, such as https://host/v1', ['http:', 'https:']),
  embeddings_model: { wanted: 'the name of the model', schema: v.pipe(v.string(), v.maxLength(256)) },
  embeddings_dimension: {
    wanted: "how many numbers the model's vectors have, from 2 to 8192",
    schema: v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(2), v.maxValue(8192)),
  },
  embeddings_digest: {
    wanted: 'what tells the model from others of its name: a revision, or a hash of its weights',
    schema: v.pipe(v.string(), v.maxLength(256)),
  },
  embeddings_api_key: {
    wanted: 'the key of the service, printable ASCII without space, or left out where it needs none',
    schema: v.optional(v.pipe(v.string(), v.regex(/^[!-~]{1,4096}$/))),
  },
  embeddings_characters: number('how much of a text is embedded', {
    least: 16,
    most: 1_000_000,
    usual: 8192,
  }),
  embeddings_batch: number('how many texts a request holds at most', { least: 1, most: 2048, usual: 32 }),
  embeddings_concurrency: number('how many requests are under way at most', {
    least: 1,
    most: 256,
    usual: 4,
  }),
  embeddings_ms: number('how long, in ms, a request may take', { least: 10, most: 600_000, usual: 10_000 }),
  kafka_brokers: {
    wanted: 'host:port of the brokers, separated by commas',
    schema: v.pipe(
      v.string(),
      v.transform((text) => text.split(',').map((one) => one.trim())),
      v.array(v.pipe(v.string(), v.regex(hostPort))),
    ),
  },
  kafka_tls: {
    wanted: 'true for TLS to the brokers, or false (where it is left out)',
    schema: v.pipe(
      v.optional(v.picklist(['true', 'false']), 'false'),
      v.transform((given) => given === 'true'),
    ),
  },
  kafka_ca: pem("the authority of the brokers' certificates"),
  kafka_cert: pem('the certificate that the brokers ask of their clients'),
  kafka_key: pem('the key of KAFKA_CERT'),
  kafka_sasl: oneOf('how the brokers know who asks', ['plain', 'scram-sha-256', 'scram-sha-512']),
  kafka_user: text('the user that KAFKA_SASL names'),
  kafka_password: text('the password of KAFKA_USER'),
  kafka_prefix: prefix('topics and groups', ''),
  kafka_partitions: number('how many partitions the topics have', { least: 1, most: 1024, usual: 64 }),
  kafka_replicas: number('how many copies of each partition there are', { least: 1, most: 9, usual: 3 }),
  neo4j_url: address('neo4j://host:port or bolt://host:port, or neo4j+s:// or bolt+s:// for TLS', [
    'neo4j:',
    'neo4j+s:',
    'bolt:',
    'bolt+s:',
  ]),
  neo4j_user: { wanted: 'a user of Neo4j', schema: v.string() },
  neo4j_password: { wanted: 'the password of NEO4J_USER', schema: v.string() },
  neo4j_version: {
    wanted: "the graph's version, which its labels end in (v1 where it is left out)",
    schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,64}$/)), 'v1'),
  },
  s3_endpoint: {
    wanted: 'http:// or https:// and host:port of an object storage other than Amazon S3',
    schema: v.optional(address('', ['http:', 'https:']).schema),
  },
  s3_region: {
    wanted: 'the region of the bucket (us-east-1 where it is left out)',
    schema: v.optional(v.string(), 'us-east-1'),
  },
  s3_bucket: { wanted: 'the bucket', schema: v.string() },
  s3_prefix: {
    wanted: 'what stands before the keys of objects, such as edgewise/ (nothing where it is left out)',
    schema: v.pipe(v.optional(v.string(), ''), v.regex(/^([A-Za-z0-9._-]+\/){0,8}$/)),
  },
  s3_access_key_id: text('an access key; where it is left out, as the machine is known to the storage'),
  s3_secret_access_key: text('the secret of S3_ACCESS_KEY_ID'),
} as const;
