import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openData } from '../../infra/local/folder/data-folder.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { type Stack, startStack } from '../../infra/local/stack/stack.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { type Gate, gateBefore } from '../support/shut-gate.ts';

const TENANT = 'demo';
const WORKERS = 4;
const HERD = 1_000;
const PATH = '/v1/users/ada/recommendations';
/** An answer is served unasked for five seconds. */
const AGED = { timeout: 20_000, interval: 250 };

let stack: Stack;
let gate: Gate;
let edges: string[];
let headers: Record<string, string>;
const closing = new AsyncDisposableStack();

beforeAll(async () => {
  const data = await mkdtemp(join(tmpdir(), 'edgewise-'));
  closing.defer(() => rm(data, { recursive: true, force: true }));
  const folder = openData(data);
  closing.defer(() => folder.close());
  const keys = await readKeys(data);
  stack = await startStack({ folder, keys, clock: Date.now, ports: { gateway: 0, origin: 0 } });
  closing.defer(() => stack.close());
  gate = await gateBefore(stack.origin_url);
  closing.defer(() => gate.close());
  const vars = {
    ...workerVars({ keys, tenants: [TENANT], origin_url: gate.url, gateway_url: stack.gateway_url }),
    READ_DEADLINE_MS: '30000',
  };
  edges = [];
  for (let at = 0; at < WORKERS; at++) {
    const worker = await startWorker({ port: 0, vars });
    closing.defer(() => worker.close());
    edges.push(worker.url);
  }
  const now_ms = Date.now();
  const scopes = ['recommendations:read'] as const;
  const token = await signToken({ keys, tenant_id: TENANT, user_id: 'ada', scopes, lifetime_s: 600, now_ms });
  headers = { Authorization: `Bearer ${token}` };
});
afterAll(() => closing.disposeAsync());

async function ask(edge: string): Promise<{ status: number; cache: string }> {
  const response = await fetch(new URL(PATH, edge), { headers });
  await response.arrayBuffer();
  return { status: response.status, cache: response.headers.get('Cache-Status') ?? '' };
}

/** As many equal questions at once, over all the edges. */
const herd = () => Promise.all(Array.from({ length: HERD }, (_, at) => ask(edges[at % WORKERS] as string)));

const calls = () => gate.asked.filter((path) => path.startsWith(PATH)).length;

test(`${HERD} equal questions at once that nobody has asked before are one to the origin from each edge, and one retrieval there`, async () => {
  const retrievals = vi.spyOn(stack.stores.profiles, 'read');
  const answers = await herd();
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(calls()).toBe(WORKERS);
  expect(retrievals).toHaveBeenCalledTimes(1);
});

test('once the answer has aged nobody waits for its validation, of which each edge has one under way', async () => {
  gate.asked.length = 0;
  gate.shut();
  // While the gate is shut whoever waited for the origin would have no answer.
  for (const edge of edges) {
    const before = gate.asked.length;
    await vi.waitFor(async () => {
      await ask(edge);
      expect(gate.asked.length).toBeGreaterThan(before);
    }, AGED);
  }
  const answers = await herd();
  for (const { status, cache } of answers) {
    expect(status).toBe(200);
    expect(cache).toMatch(/^edgewise; hit; ttl=\d+; detail=memory$/);
  }
  expect(calls()).toBeLessThanOrEqual(WORKERS);
  gate.open();
});
