import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { MadeKey } from '#contract/admin.ts';
import { SCOPES } from '#contract/caller.ts';
import { DeletionAccepted } from '#contract/deletion.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { gatewayClient } from '../infra/local/files/gateway-client.ts';
import { fillSimulated } from '../infra/local/simulated/fill.ts';
import { catchUp } from '../infra/local/stack/catch-up.ts';
import { startInstance } from '../infra/local/stack/instance.ts';
import { originClient } from '../infra/local/stack/origin-client.ts';
import { noProgress } from '../infra/local/terminal/progress.ts';

/*
 * Holds all of Edgewise, on embedded parts, to its OpenAPI document: npm run schemathesis [-- requests an operation]. The
 * tool is installed from PyPI into a temporary folder, or found at SCHEMATHESIS.
 */

const VERSION = '4.32.5';
const TENANT = 'demo';

async function run(cwd: string, command: string, ...args: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', cwd });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

async function installed(folder: string): Promise<string> {
  const given = process.env['SCHEMATHESIS'];
  if (given) return given;
  const venv = join(folder, 'venv');
  for (const [command = '', ...args] of [
    ['python3', '-m', 'venv', venv],
    [join(venv, 'bin/pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ]) {
    if ((await run(folder, command, ...args)) !== 0)
      throw new Error(`${command} failed: set SCHEMATHESIS to its path`);
  }
  return join(venv, 'bin/schemathesis');
}

type Document = { paths: Record<string, Record<string, unknown>> };
type Entry = { request: { method: string; url: string }; response: { status: number } };

/** The operations of which no request went well. */
function neverWell(document: Document, entries: Entry[]): string[] {
  const well = entries
    .filter(({ response: { status } }) => status >= 200 && status < 300)
    .map(({ request: { method, url } }) => `${method} ${new URL(url).pathname}`);
  return Object.entries(document.paths).flatMap(([path, methods]) => {
    const pattern = path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
    return Object.keys(methods)
      .map((method) => `${method.toUpperCase()} ${path}`)
      .filter((name) => {
        const fits = new RegExp(`^${name.split(' ')[0]} ${pattern}$`);
        return !well.some((one) => fits.test(one));
      });
  });
}

const [most = '50'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'edgewise-schemathesis-'));
await using closing = new AsyncDisposableStack();
closing.defer(() => rm(folder, { recursive: true, force: true }));
const schemathesis = await installed(folder);

const data = join(folder, 'data');
const [clock, signal] = [Date.now, new AbortController().signal];
const instance = await startInstance({
  data,
  tenant_id: TENANT,
  ports: { edge: 0, origin: 0, gateway: 0 },
  clock,
});
closing.defer(() => instance.close());
const { keys, stack, edge_url } = instance;
const [gatewayKey, originKey] = (await importKeys([keys.gateway, keys.origin])) as [Key, Key];
const send = gatewayClient({ url: stack.gateway_url, key: gatewayKey, tenant_id: TENANT, clock, signal });
await fillSimulated({ data, tenant_id: TENANT, seed: 1, clock, send, progress: noProgress });
await catchUp({ read: stack.standing, progress: noProgress, signal });
const admin = originClient({ url: stack.origin_url, key: originKey, tenant_id: TENANT, clock });
const body = { name: 'schemathesis', scopes: SCOPES };
const made = await admin({ method: 'POST', path: '/v1/admin/keys', body, schema: MadeKey });
const other = await admin({ method: 'POST', path: '/v1/admin/keys', body, schema: MadeKey });

const address = new URL('/v1/openapi.json', edge_url).href;
const response = await fetch(address);
const document = (await response.json()) as Document;
/** What is there before it begins, so that asking about it can go well. */
async function put(method: string, path: string, body: object | null): Promise<unknown> {
  const headers = { Authorization: `Bearer ${made.api_key}`, 'Content-Type': 'application/json' };
  const answer = await fetch(new URL(path, edge_url), {
    method,
    headers,
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
const placement = { weights: { popular: 1 }, repeats: true };
await put('PUT', '/v1/admin/placements/discover', placement);
const model = { kind: 'weights', weights: { popular: 1 } };
await put('PUT', '/v1/admin/models/mine', model);
const { deletion_id } = v.parse(DeletionAccepted, await put('DELETE', '/v1/users/nobody-any-more', null));

/** Bodies that are right by more than their schema: a live event is of the last 90 days, a source has to be there. */
const event = { type: 'message', message_id: 'm-1', user_id: 'ada', text: 'hello' };
const examples: [path: string, method: string, body: object][] = [
  ['/v1/events', 'post', { events: [{ ...event, occurred_at: new Date(clock()).toISOString() }] }],
  ['/v1/admin/placements/{placement}', 'put', placement],
  ['/v1/admin/placements/{placement}', 'post', { version: 1, status: 'shadow' }],
  ['/v1/admin/models/{model}', 'put', model],
  ['/v1/admin/models/{model}', 'post', { version: 1, status: 'shadow' }],
];
for (const [path, method, example] of examples) {
  const operation = document.paths[path]?.[method] as { requestBody: { content: Record<string, object> } };
  Object.assign(operation.requestBody.content['application/json'] ?? {}, { example });
}
const file = join(folder, 'openapi.json');
await writeFile(file, JSON.stringify(document));

const har = join(folder, 'requests.har');
const config = join(folder, 'schemathesis.toml');
await writeFile(
  config,
  `[[operations]]
include-path-regex = "/campaigns/"
parameters = { campaign_id = "wifi-survey" }

[[operations]]
include-path-regex = "/keys/"
parameters = { key_id = "${other.key_id}" }

[[operations]]
include-path-regex = "/placements/"
parameters = { placement = "discover" }

[[operations]]
include-path-regex = "/models/"
parameters = { model = "mine" }

[[operations]]
include-path-regex = "/deletions/"
parameters = { deletion_id = "${deletion_id}" }

# One bad item among good ones is told in the verdict, not by the status.
[[operations]]
include-name = ["POST /v1/campaigns", "POST /v1/events"]
checks = { negative_data_rejection = { enabled = false } }
`,
);
const code = await run(
  folder,
  schemathesis,
  '--config-file',
  config,
  'run',
  file,
  '--url',
  edge_url,
  '--header',
  `Authorization: Bearer ${made.api_key}`,
  '--max-examples',
  most,
  '--phases',
  'examples,coverage,fuzzing',
  '--request-timeout',
  '20',
  '--continue-on-failure',
  // Moments, placements and what another request has changed are judged by more than schemas.
  '--exclude-checks',
  'positive_data_acceptance',
  '--report-har-path',
  har,
);
const { log } = JSON.parse(await readFile(har, 'utf8')) as { log: { entries: Entry[] } };
const own: Entry = { request: { method: 'GET', url: address }, response };
const never = neverWell(document, [own, ...log.entries]);
const failed = log.entries.filter(({ response: { status } }) => status >= 500).length;
console.log(
  `${log.entries.length} requests, ${failed} of them 5xx; operations never answered 2xx: ${never.join(', ') || 'none'}`,
);
if (code !== 0 || never.length > 0 || failed > 0) process.exitCode = 1;
