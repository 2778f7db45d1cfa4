import type * as v from 'valibot';
import { CreateKey, RotateKey } from '#contract/admin.ts';
import { parse } from '#contract/parse.ts';
import type { Admin } from '../admin.ts';
import { readJson } from '../body.ts';
import { withCommon } from '../respond.ts';
import type { Asked, Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

const KEYS = '/v1/admin/keys';
const PLACEMENTS = '/v1/admin/placements';
const MODELS = '/v1/admin/models';
const MOST_BYTES = 16 * 1024;
const MOST_MODEL_BYTES = 64 * 1024;

type Command = { method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; body?: unknown };

/** What a tenant's admin does about its API keys, placements and models, each handed to the origin. */
export function adminHandlers(admin: Admin) {
  async function handOn({ traceparent, caller }: Asked, command: Command): Promise<Response> {
    return withCommon(await admin({ ...command, caller, traceparent }));
  }

  const reading =
    (command: (id: string) => Command): Handler =>
    async (asked) => {
      refuseQuery(asked.query);
      return handOn(asked, command(asked.id));
    };

  /** Without a schema the origin alone reads the body. */
  const sending =
    (command: (id: string) => Command, schema?: v.GenericSchema | null, most_bytes = MOST_BYTES): Handler =>
    async (asked) => {
      refuseQuery(asked.query);
      const json = await readJson(asked.request, most_bytes);
      return handOn(asked, { ...command(asked.id), body: schema ? parse(schema, json) : json });
    };

  return {
    list_keys: reading(() => ({ method: 'GET', path: KEYS })),
    create_key: sending(() => ({ method: 'POST', path: KEYS }), CreateKey),
    rotate_key: sending((id) => ({ method: 'POST', path: `${KEYS}/${id}/rotate` }), RotateKey),
    revoke_key: reading((id) => ({ method: 'DELETE', path: `${KEYS}/${id}` })),
    list_placements: reading(() => ({ method: 'GET', path: PLACEMENTS })),
    put_placement: sending((id) => ({ method: 'PUT', path: `${PLACEMENTS}/${id}` })),
    move_placement: sending((id) => ({ method: 'POST', path: `${PLACEMENTS}/${id}` })),
    list_models: reading(() => ({ method: 'GET', path: MODELS })),
    read_model: reading((id) => ({ method: 'GET', path: `${MODELS}/${id}` })),
    put_model: sending((id) => ({ method: 'PUT', path: `${MODELS}/${id}` }), null, MOST_MODEL_BYTES),
    move_model: sending((id) => ({ method: 'POST', path: `${MODELS}/${id}` })),
  };
}
