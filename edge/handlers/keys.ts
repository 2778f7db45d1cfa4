import type * as v from 'valibot';
import { CreateKey, RotateKey } from '#contract/admin.ts';
import { parse } from '#contract/parse.ts';
import type { Admin } from '../admin.ts';
import { readJson } from '../body.ts';
import { withCommon } from '../respond.ts';
import { traceparent } from '../traceparent.ts';
import type { Asked, Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

const PATH = '/v1/admin/keys';
const MOST_BYTES = 16 * 1024;

type Command = { method: 'GET' | 'POST' | 'DELETE'; path: string; body?: unknown };

/** What a tenant's admin does about its API keys, each handed to the origin. */
export function keyHandlers(admin: Admin) {
  async function handOn({ request, caller }: Asked, command: Command): Promise<Response> {
    return withCommon(await admin({ ...command, caller, traceparent: traceparent(request.headers) }));
  }

  const reading =
    (command: (id: string) => Command): Handler =>
    async (asked) => {
      refuseQuery(asked.query);
      return handOn(asked, command(asked.id));
    };

  const sending =
    (schema: v.GenericSchema, path: (id: string) => string): Handler =>
    async (asked) => {
      refuseQuery(asked.query);
      const body = parse(schema, await readJson(asked.request, MOST_BYTES));
      return handOn(asked, { method: 'POST', path: path(asked.id), body });
    };

  return {
    list_keys: reading(() => ({ method: 'GET', path: PATH })),
    create_key: sending(CreateKey, () => PATH),
    rotate_key: sending(RotateKey, (id) => `${PATH}/${id}/rotate`),
    revoke_key: reading((id) => ({ method: 'DELETE', path: `${PATH}/${id}` })),
  };
}
