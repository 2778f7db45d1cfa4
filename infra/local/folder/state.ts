import { join } from 'node:path';
import * as v from 'valibot';
import { Id, TenantId } from '#contract/ids.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const State = v.strictObject({
  /** Whose data stands in the folder: the development issuer may speak for them. */
  tenants: v.array(TenantId),
  /** Somebody of whom much is known, to ask for first. */
  person: v.nullable(v.strictObject({ tenant_id: TenantId, user_id: Id })),
  /** A simulated tenant that is not all there yet, so that it can be completed just as it was begun. */
  filling: v.nullable(v.strictObject({ tenant_id: TenantId, seed: v.number(), now_ms: v.number() })),
});

/** What the local commands remember of a data folder. */
export type State = v.InferOutput<typeof State>;

const file = (data: string) => join(data, 'state.json');

export function readState(data: string): State {
  return readJsonFile(file(data), State) ?? { tenants: [], person: null, filling: null };
}

/** Changes what is given, and notes a tenant that is new. */
export function changeState(
  data: string,
  { tenant_id, ...change }: Partial<State> & { tenant_id: string },
): void {
  const state = readState(data);
  const tenants = [...new Set([...state.tenants, tenant_id])];
  writeJsonFile(file(data), { ...state, ...change, tenants });
}
