import * as v from 'valibot';
import { SigningKeys } from '#contract/signing-keys.ts';

/** A variable of the environment: what it must hold, in words for who sets it, and how it is read. */
export type Setting<Schema extends v.GenericSchema = v.GenericSchema> = { wanted: string; schema: Schema };

type Settings = Readonly<Record<string, Setting>>;
type Read<All extends Settings> = { [Name in keyof All]: v.InferOutput<All[Name]['schema']> };

/** The environment does not say what it must. The message names each variable and what it should hold, never what it holds. */
export class BadSettings extends Error {
  readonly code = 'bad_settings';
  readonly retryable = false;
}

/** Reads settings from the environment; an empty variable is a missing one. Throws BadSettings, naming all that is wrong. */
export function readSettings<All extends Settings>(
  settings: All,
  env: Readonly<Record<string, string | undefined>>,
): Read<All> {
  const read: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, { wanted, schema }] of Object.entries(settings)) {
    const result = v.safeParse(schema, env[name] || undefined);
    if (result.success) read[name] = result.output;
    else wrong.push(`${name} should be ${wanted}`);
  }
  if (wrong.length > 0) throw new BadSettings(`The configuration is wrong: ${wrong.join('; ')}`);
  return read as Read<All>;
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

/** What stands before names, so that several installations share one service. */
function prefix(what: string, usual: string) {
  const schema = v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,40}$/)), usual);
  return {
    wanted: `a-z, 0-9 and "_", to stand before the names of ${what} (${usual || 'none'} where it is left out)`,
    schema,
  };
}

const hostPort = /^[A-Za-z0-9.:[\]-]+:\d{1,5}$/;

/** What the tiers' settings are made of. */
export const setting = {
  keys: {
    wanted: 'JSON [{"id", "secret"}], each secret at least 32 bytes in base64url',
    schema: SigningKeys,
  },
  host: {
    wanted: 'the address to listen on (127.0.0.1 where it is left out)',
    schema: v.optional(v.string(), '127.0.0.1'),
  },
  port: (usual: number) => number('the port to listen on', { least: 0, most: 65535, usual }),
  dependency_ms: number('how long, in ms, a dependency may take before an answer is made without it', {
    least: 10,
    most: 5000,
    usual: 150,
  }),
  postgres_url: address('postgres://user:password@host:port/database', ['postgres:', 'postgresql:']),
  postgres_schema: {
    wanted: 'the schema of the tables (edgewise where it is left out)',
    schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_]{0,62}$/)), 'edgewise'),
  },
  redis_url: address('redis://host:port, or rediss:// for TLS', ['redis:', 'rediss:']),
  milvus_address: {
    wanted: 'host:port of Milvus',
    schema: v.pipe(v.string(), v.regex(hostPort)),
  },
  milvus_prefix: prefix('collections', 'edgewise_'),
  milvus_history_before: {
    wanted: 'a month such as 2026-01: older messages share one collection (2026-01 where it is left out)',
    schema: v.optional(v.pipe(v.string(), v.regex(/^\d{4}-(0[1-9]|1[0-2])$/)), '2026-01'),
  },
  kafka_brokers: {
    wanted: 'host:port of the brokers, separated by commas',
    schema: v.pipe(
      v.string(),
      v.transform((text) => text.split(',').map((one) => one.trim())),
      v.array(v.pipe(v.string(), v.regex(hostPort))),
    ),
  },
  kafka_prefix: prefix('topics and groups', ''),
  kafka_partitions: number('how many partitions the topics have', { least: 1, most: 1024, usual: 64 }),
  kafka_replicas: number('how many copies of each partition there are', { least: 1, most: 9, usual: 3 }),
} as const;
