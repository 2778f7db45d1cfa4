import { env, exports } from 'cloudflare:workers';
import { vi } from 'vitest';
import { type Answer, answerHeaders } from '#contract/answer.ts';
import { KEYS_PATH } from '#contract/api-key.ts';
import { EPOCHS_PATH } from '#contract/epoch.ts';
import { importKeys, type SigningKey, verify } from '#contract/signature.ts';
import type * as worker from '../../../edge/worker.ts';
import { keyCopyOf, peppers } from './keys.ts';
import { FOREIGN_TENANT, issuers, TENANT, token } from './tokens.ts';

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}

const secret = (byte: string) => btoa(byte.repeat(32)).replaceAll('=', '');
const originKeys: SigningKey[] = [{ id: 'o1', secret: secret('o') }];
const gatewayKeys: SigningKey[] = [{ id: 'g1', secret: secret('g') }];

/** Pages of a tenant, and of another. */
export const PAGE = 'https://app.acme.test';
export const FOREIGN_PAGE = 'https://app.globex.test';

/** An environment that configures the Worker rightly. */
export const rightEnv = {
  ENVIRONMENT: 'development',
  ORIGIN_URL: 'http://origin.test:8788',
  GATEWAY_URL: 'http://gateway.test:8789',
  ORIGIN_KEYS: JSON.stringify(originKeys),
  GATEWAY_KEYS: JSON.stringify(gatewayKeys),
  ISSUERS: JSON.stringify(issuers),
  KEY_PEPPERS: JSON.stringify(peppers),
  TENANTS: JSON.stringify([
    { tenant: TENANT, origins: [PAGE] },
    { tenant: FOREIGN_TENANT, tier: 'large', origins: [FOREIGN_PAGE] },
  ]),
  READ_DEADLINE_MS: '30000',
};

/** A request as it came behind the edge, with what its signature said. */
export type Arrived = {
  method: string;
  url: URL;
  headers: Headers;
  body: Uint8Array<ArrayBuffer> | null;
  caller: Awaited<ReturnType<typeof verify>>['caller'];
  deadline_ms: number;
};

type Tier = (request: Arrived) => Response | Promise<Response>;

/** What stands behind the edge in a test, and what came there. */
export const behind = {
  epochs: { user: 1, tenant: 1 },
  origin: (() => problem(503)) as Tier,
  gateway: (() => problem(503)) as Tier,
  epochReader: (() => Response.json(behind.epochs)) as Tier,
  asked: [] as Arrived[],
  epochReads: 0,
  keyReader: keyCopyOf as Tier,
  keyReads: [] as string[],
};

/** Puts all behind the edge as it is at first: answers that name their number, and hold. */
export function resetBehind(): void {
  let made = 0;
  Object.assign(behind, {
    epochs: { user: 1, tenant: 1 },
    epochReader: () => Response.json(behind.epochs),
    origin: () => answered({ body: JSON.stringify({ made: ++made }), etag: `"v${made}"` }),
    gateway: () =>
      Response.json({ accepted: 1, rejected: [] }, { status: 202, headers: { 'Edgewise-Bookmark': 'W10' } }),
    asked: [],
    epochReads: 0,
    keyReader: keyCopyOf,
    keyReads: [],
  });
}

/** The origin's response with an answer, good for 10 minutes unless told otherwise. */
export function answered(told: Partial<Answer> = {}): Response {
  const answer: Answer = {
    format: 1,
    epochs: behind.epochs,
    created_ms: Date.now(),
    until_ms: Date.now() + 600_000,
    degraded: [],
    body: '{}',
    etag: '"e"',
    ...told,
  };
  return new Response(answer.body, {
    headers: { 'Content-Type': 'application/json', ...answerHeaders(answer) },
  });
}

/** A problem as a tier behind the edge tells it. */
export function problem(status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: 'urn:edgewise:problem:test', status }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });
}

async function arrive(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (request.redirect !== 'manual')
    throw new Error('A signature is for one address, and is sent to no other');
  const url = new URL(request.url);
  const toGateway = url.host === new URL(rightEnv.GATEWAY_URL).host;
  const bytes = new Uint8Array(await request.arrayBuffer());
  const body = bytes.length > 0 ? bytes : null;
  const { method, headers } = request;
  const keys = await importKeys(toGateway ? gatewayKeys : originKeys);
  const { caller, deadline_ms } = await verify({ method, url, headers, body }, keys, Date.now());
  const arrived = { method, url, headers, body, caller, deadline_ms };
  if (url.pathname === EPOCHS_PATH) {
    behind.epochReads++;
    return behind.epochReader(arrived);
  }
  if (url.pathname.startsWith(KEYS_PATH)) {
    behind.keyReads.push(url.pathname.slice(KEYS_PATH.length + 1));
    return behind.keyReader(arrived);
  }
  behind.asked.push(arrived);
  return toGateway ? behind.gateway(arrived) : behind.origin(arrived);
}

/** Configures the Worker, and puts `behind` in place of the network. Without `queue` it has no event queue. */
export function openEdge({ queue = false } = {}): void {
  Object.assign(env, rightEnv, queue ? {} : { EVENTS: undefined });
  vi.spyOn(globalThis, 'fetch').mockImplementation(arrive);
  // No bound is shortened by chance.
  vi.spyOn(Math, 'random').mockReturnValue(0);
}

let asked = 0;
/** An address that no other request comes from, so that however many a test sends, none is over an address's limit. */
function newAddress(): string {
  asked++;
  return `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`;
}

/** Asks the Worker, as a request of its own. */
export function ask(path: string, init: RequestInit & { as?: string } = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.as) headers.set('Authorization', `Bearer ${init.as}`);
  if (!headers.has('CF-Connecting-IP')) headers.set('CF-Connecting-IP', newAddress());
  return exports.default.fetch(`http://edge.test${path}`, { ...init, headers });
}

let users = 0;

/** A person nobody has asked for yet, so that no test finds another's answers, with a token of theirs. */
export async function newPerson(): Promise<{ user_id: string; as: string; path: string }> {
  const user_id = `u-${++users}`;
  return { user_id, as: await token(user_id), path: `/v1/users/${user_id}/recommendations` };
}

/** Waits until something is so; `vi.waitFor` would move a faked clock meanwhile. */
export async function until(so: () => boolean | undefined | Promise<boolean | undefined>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 1));
}
