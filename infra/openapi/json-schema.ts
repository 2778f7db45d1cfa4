import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { CampaignId } from '#contract/ids.ts';
import { Limit, LimitText } from '#contract/recommendation.ts';
import { Instant } from '#contract/values.ts';

type Check = { type: string; message?: unknown; requirement?: unknown };

/** What a check that JSON Schema cannot express says of itself; checks on each character say what is so anyhow. */
function told(action: Check, schema: JsonSchema): JsonSchema {
  const { message } = action;
  if (typeof message !== 'string' || message.includes('surrogate')) return schema;
  return { ...schema, description: [schema.description, message].filter(Boolean).join('. ') };
}

/** A query's number is digits to the schema that reads it, and a number to who writes it. */
function numeric(schema: { type: string; wrapped?: unknown; default?: unknown }): JsonSchema | null {
  if (schema.type !== 'optional' || schema.wrapped !== LimitText) return null;
  return { ...jsonSchema(Limit), default: Number(schema.default) };
}

/**
 * A schema as JSON Schema says it (draft 2020-12, which OpenAPI 3.1 takes): of what is sent, not of what is made of it. Where
 * one of the `named` stands in it, it is referred to.
 */
export function jsonSchema(
  schema: v.GenericSchema,
  named: Readonly<Record<string, v.GenericSchema>> = {},
): JsonSchema {
  if (schema === Instant) return { type: 'string', format: 'date-time' };
  const definitions = Object.fromEntries(Object.entries(named).filter(([, one]) => one !== schema));
  const {
    $schema: _,
    $defs: __,
    ...converted
  } = toJsonSchema(schema, {
    definitions,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'throw',
    ignoreActions: ['transform', 'raw_transform', 'finite'],
    overrideSchema({ valibotSchema }) {
      return numeric(valibotSchema);
    },
    overrideAction({ valibotAction, jsonSchema }) {
      const action = valibotAction as Check;
      if (action.type === 'check') return told(action, jsonSchema);
      if (action.type !== 'regex') return null;
      // JSON in UTF-8 holds no lone surrogates, and not every reader of patterns knows of classes.
      const { source } = action.requirement as RegExp;
      return told(action, { ...jsonSchema, pattern: source.replace('\\p{Cs}', '') });
    },
  });
  return schema === CampaignId ? { ...converted, not: { const: 'popular' } } : converted;
}
