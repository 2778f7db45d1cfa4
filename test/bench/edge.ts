import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { startChild } from './support/child.ts';
import { load, type Target } from './support/load.ts';
import { type BenchOptions, report } from './support/report.ts';
import { withCpu } from './support/workerd-cpu.ts';

const CLIENTS = 16;
/** So few that what is measured is how long one waits, not how busy the machine is. */
const FEW_CLIENTS = 2;
const ROUNDS = 3;
const TENANT = 'bench';
const USER = 'ada';
const HEAVY = 40_000;
const BARE = "export default { fetch() { return new Response('ok'); } };";

type Running = Awaited<ReturnType<typeof start>>;

function start(vars: Record<string, string>, script?: string) {
  return withCpu(() => startWorker({ port: 0, vars, ...(script && { script }) }));
}

/** A way that a request can go, and what Cache-Status says of it. */
type Way = { name: string; vars: Record<string, string>; status: RegExp; distinct: boolean; etag?: string };

const off = { COLO_CACHE: 'off' };
const on = { COLO_CACHE: 'on' };

function ways(redis_url: string): Way[] {
  const redis = (token: string) => ({ UPSTASH_REDIS_REST_URL: redis_url, UPSTASH_REDIS_REST_TOKEN: token });
  const hit = /hit; ttl=\d+; detail=memory$/;
  return [off, on].flatMap((colo): Way[] => {
    const beside = colo === on ? ', with the Cache API' : '';
    return [
      { name: `memory hit${beside}`, vars: { ...colo, ...redis('hit') }, status: hit, distinct: false },
      {
        name: `304${beside}`,
        vars: { ...colo, ...redis('hit') },
        status: hit,
        distinct: false,
        etag: '"bench"',
      },
      {
        name: `Redis hit${beside}`,
        vars: { ...colo, ...redis('hit') },
        status: /detail=redis$/,
        distinct: true,
      },
      {
        name: `cold signed miss${beside}`,
        vars: { ...colo, ...redis('miss') },
        status: /fwd=miss; stored/,
        distinct: true,
      },
    ];
  });
}

/** Misses with a Redis that is well, none, and one that fails: once its breaker is open, they should take the same time. */
function lostWays(redis_url: string): Way[] {
  const miss = (name: string, token: string | null): Way => ({
    name,
    vars: token ? { ...off, UPSTASH_REDIS_REST_URL: redis_url, UPSTASH_REDIS_REST_TOKEN: token } : off,
    status: /fwd=miss; stored/,
    distinct: true,
  });
  return [
    miss('miss, Redis well', 'miss'),
    miss('miss, Redis not there', null),
    miss('miss, Redis black-holed', 'hole'),
    miss('miss, Redis slow', 'slow'),
    miss('miss, Redis answers garbage', 'garbage'),
  ];
}

let asked = 0;

/** Questions of one person: one, or as many others as will be asked. */
function targets(url: string, token: string, { distinct, etag }: Pick<Way, 'distinct' | 'etag'>): Target[] {
  const headers = { Authorization: `Bearer ${token}`, ...(etag && { 'If-None-Match': etag }) };
  const path = `/v1/users/${USER}/recommendations`;
  if (!distinct) return [{ url: new URL(path, url), headers, ...(etag && { status: 304 }) }];
  return Array.from({ length: HEAVY }, () => ({
    url: new URL(`${path}?exclude=c-${++asked}`, url),
    headers,
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Throws where a request does not go the way that is to be measured. */
async function assertWay({ url }: Running, token: string, way: Way): Promise<void> {
  const list = targets(url, token, way);
  // What is not distinct is in memory once it was asked for.
  for (const { url, headers } of list.slice(0, 8)) await (await fetch(url, { headers })).arrayBuffer();
  const [{ url: last, headers }] = list.slice(-1) as [Target];
  const response = await fetch(last, { headers });
  await response.arrayBuffer();
  const status = response.headers.get('Cache-Status') ?? '';
  if (!way.status.test(status))
    throw new Error(`"${way.name}" went another way: ${response.status} ${status}`);
}

/**
 * The edge's Worker on workerd itself, without what Miniflare or wrangler put before it: CPU of that process a
 * request, by each way that a request can go, in ratio to a Worker that answers `ok`, in the same rounds; then what
 * a Redis that fails costs in time.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  const closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true }));
  try {
    const keys = await readKeys(folder);
    const token = await signToken({
      keys,
      tenant_id: TENANT,
      user_id: USER,
      scopes: ['recommendations:read'],
      lifetime_s: 3600,
      now_ms: Date.now(),
    });
    const behind = await startChild(new URL('./support/behind-server.ts', import.meta.url));
    closing.defer(() => behind.stop());
    const vars = workerVars({ keys, tenants: [TENANT], origin_url: behind.ready, gateway_url: behind.ready });

    const measure = async (worker: Running, list: Target[], clients = CLIENTS) => {
      await load(list, clients, Math.min(1, options.seconds));
      const rest = list.length > 1 ? list.slice(list.length / 2) : list;
      const before_s = worker.cpu_s();
      const figures = await load(rest, clients, options.seconds);
      const cpu_us = ((worker.cpu_s() - before_s) * 1e6) / figures.answers;
      if (figures.errors) throw new Error(`${figures.errors} of ${figures.answers} answers were wrong`);
      return { ...figures, cpu_us };
    };

    const bare = await start({}, BARE);
    closing.defer(() => bare.close());
    const rows: Record<string, unknown>[] = [];
    const floors: number[] = [];
    const chosen = (way: Way) => !options.only || way.name.includes(options.only);
    const measured = ways(behind.ready)
      .filter(chosen)
      .map((way) => ({ way, cpu_us: [] as number[], ratio: [] as number[] }));
    for (let round = 0; round < ROUNDS && measured.length > 0; round++) {
      const { cpu_us: floor } = await measure(bare, [{ url: new URL('/', bare.url), headers: {} }]);
      floors.push(floor);
      for (const { way, cpu_us, ratio } of measured) {
        const worker = await start({ ...vars, ...way.vars });
        try {
          await assertWay(worker, token, way);
          const figures = await measure(worker, targets(worker.url, token, way));
          cpu_us.push(figures.cpu_us);
          ratio.push(figures.cpu_us / floor);
        } finally {
          await worker.close();
        }
      }
    }
    if (measured.length > 0)
      rows.push({ way: 'bare Worker', 'CPU µs/request': median(floors), 'of the bare Worker': 1 });
    for (const { way, cpu_us, ratio } of measured) {
      rows.push({ way: way.name, 'CPU µs/request': median(cpu_us), 'of the bare Worker': median(ratio) });
    }

    const lost = lostWays(behind.ready)
      .filter(chosen)
      .map((way) => ({ way, p50_ms: [] as number[], p95_ms: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { way, ...told } of lost) {
        const worker = await start({ ...vars, ...way.vars });
        try {
          // The warm-up opens the breaker; one call now and then is let through to see.
          const figures = await measure(worker, targets(worker.url, token, way), FEW_CLIENTS);
          told.p50_ms.push(figures.p50_ms);
          told.p95_ms.push(figures.p95_ms);
        } finally {
          await worker.close();
        }
      }
    }
    const [well] = lost;
    for (const { way, p50_ms, p95_ms } of lost) {
      const past = median(p95_ms) - median(well?.p95_ms ?? []);
      rows.push({
        way: way.name,
        p50_ms: median(p50_ms),
        p95_ms: median(p95_ms),
        'p95 past the first': past,
      });
    }
    await report('edge', rows, options);
  } finally {
    await closing.disposeAsync();
  }
}
