import { writeFileSync } from 'node:fs';
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from '#contract/development.ts';
import { type Keys, pepperOf } from '../folder/keys.ts';

export type WorkerVarsOptions = {
  keys: Keys;
  tenants: readonly string[];
  origin_url: string;
  gateway_url: string;
};

/** The environment of a Worker that stands before a local stack. */
export function workerVars({
  keys,
  tenants,
  origin_url,
  gateway_url,
}: WorkerVarsOptions): Record<string, string> {
  const issuer = {
    issuer: DEVELOPMENT_ISSUER,
    tenants,
    audience: DEVELOPMENT_AUDIENCE,
    algorithms: [keys.issuer.public.alg],
    jwks: { keys: [keys.issuer.public] },
  };
  return {
    ENVIRONMENT: 'development',
    ORIGIN_URL: origin_url,
    GATEWAY_URL: gateway_url,
    ORIGIN_KEYS: JSON.stringify([keys.origin]),
    GATEWAY_KEYS: JSON.stringify([keys.gateway]),
    KEY_PEPPERS: JSON.stringify([pepperOf(keys)]),
    ISSUERS: JSON.stringify([issuer]),
  };
}

/** Writes them where `wrangler dev` reads them, so that it works by itself beside the stack. */
export function writeDevVars(file: string, vars: Readonly<Record<string, string>>): void {
  const lines = Object.entries(vars).map(([name, value]) => `${name}='${value}'`);
  const head = '# Written by npm start for wrangler dev; holds secrets of the local data folder.';
  writeFileSync(file, `${[head, ...lines].join('\n')}\n`, { mode: 0o600 });
}
