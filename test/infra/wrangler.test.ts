import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { ADDRESS, TIERS } from '../../edge/limits/tiers.ts';

const config = join(import.meta.dirname, '../../wrangler.toml');

type Bound = { name: string; namespace_id: string; simple: { limit: number; period: number } };
const ENVIRONMENTS = [undefined, 'staging', 'production'];
const boundIn = (env: string | undefined): Bound[] =>
  unstable_readConfig({ config, ...(env && { env }) }).ratelimits;

test.each(ENVIRONMENTS)(
  'the limits that clients are told of are those that wrangler.toml binds (%s)',
  (env) => {
    const bound = boundIn(env).map(({ name, simple: { limit, period } }) => [name, limit, period]);
    const told = [ADDRESS, ...Object.values(TIERS).flatMap(({ tenant, subject }) => [tenant, subject])];
    expect(bound).toEqual(told.map(({ binding, limit, period_s }) => [binding, limit, period_s]));
  },
);

test('no two environments count together', () => {
  const ids = ENVIRONMENTS.flatMap((env) => boundIn(env).map(({ namespace_id }) => namespace_id));
  expect(new Set(ids).size).toBe(ids.length);
});
