import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '#contract/problem.ts';
import { type Limiters, requestLimits } from '../../edge/limits/limits.ts';
import { networkOf } from '../../edge/limits/network.ts';
import { BINDINGS } from '../../edge/limits/tiers.ts';
import { cacheTier, observer, type Seen } from '../../edge/observe.ts';
import { tenantsOf } from '../../edge/tenants.ts';

const tenants = tenantsOf([{ tenant: 'globex', tier: 'large', origins: [] }]);

/** Limits that count by themselves: each binding lets so many through. */
function world(most: number) {
  const counts: Record<string, number> = {};
  const lines: unknown[] = [];
  const limiters: Limiters = Object.fromEntries(
    BINDINGS.map((binding) => [
      binding,
      {
        async limit({ key }: { key: string }) {
          const name = `${binding} ${key}`;
          counts[name] = (counts[name] ?? 0) + 1;
          return { success: counts[name] <= most };
        },
      },
    ]),
  );
  return {
    counts,
    lines,
    limiters,
    limits: requestLimits({ limiters, tenants, log: (line) => lines.push(line) }),
  };
}

const from = (address: string) => new Headers({ 'CF-Connecting-IP': address });
const person = (tenant_id: string, subject: string | null) => ({ tenant_id, subject, scopes: [] });

describe('an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('of one /64 counts as any other of it, however they are written', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const half = fc.tuple(group, group, group, group);
    const written = (groups: number[], wide: boolean) =>
      groups.map((one) => one.toString(16).padStart(wide ? 4 : 1, '0')).join(':');
    fc.assert(
      fc.property(half, half, half, half, (network, one, other, foreign) => {
        const a = networkOf(written([...network, ...one], false));
        expect(networkOf(written([...network, ...other], true).toUpperCase())).toBe(a);
        const elsewhere = networkOf(written([...foreign, ...one], false));
        expect(elsewhere === a).toBe(String(foreign) === String(network));
      }),
    );
  });
});

describe('what is over its limit', () => {
  test('by address is refused, with when to come again, and another address is not', async () => {
    const { limits } = world(2);
    for (const last of [1, 2]) await limits.address(from(`2001:db8::${last}`));
    const refusal = await limits.address(from('2001:db8::3'))?.catch((error: Problem) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'Retry-After': '10', 'RateLimit-Policy': '"address";q=1000;w=10' },
    });
    await limits.address(from('192.0.2.1'));
  });

  test('by person is refused before it counts for the tenant, in whose tier each counts', async () => {
    const { limits, counts } = world(3);
    for (const subject of ['ada', 'ada', 'ada']) await limits.caller(person('acme', subject));
    await expect(limits.caller(person('acme', 'ada'))).rejects.toMatchObject({ status: 429 });
    expect(counts).toMatchObject({
      'LIMIT_SUBJECT_STANDARD ["acme","ada"]': 4,
      'LIMIT_TENANT_STANDARD acme': 3,
    });
    await limits.caller(person('globex', null));
    expect(counts).toMatchObject({ 'LIMIT_TENANT_LARGE globex': 1 });
  });

  test('is told by a policy of its tier', () => {
    const { limits } = world(1);
    expect(limits.policyOf('globex')).toBe(
      '"address";q=1000;w=10, "tenant";q=600000;w=60, "subject";q=1200;w=60',
    );
  });
});

test('what cannot be counted is let through, and told to the log', async () => {
  const lines: unknown[] = [];
  const limiters = {
    LIMIT_ADDRESS: {
      limit: async () => {
        throw new Error('no');
      },
    },
  };
  const limits = requestLimits({ limiters, tenants, log: (line) => lines.push(line) });
  await limits.address(from('192.0.2.1'));
  await limits.caller(person('acme', 'ada'));
  expect(lines).toMatchObject([{ level: 'warn', event: 'uncounted', limit: 'address' }]);
});

describe('what is told of a request', () => {
  const seen: Seen = {
    route: '/v1/campaigns/popular',
    method: 'GET',
    status: 200,
    tenant_id: 'acme',
    cache_status: 'edgewise; hit; ttl=12; detail=memory',
    total_ms: 3,
    auth_ms: 1,
    trace: () => 'a trace',
  };

  function told(random: number, change: Partial<Seen>) {
    const lines: Record<string, unknown>[] = [];
    const points: unknown[] = [];
    const dataset = { writeDataPoint: (point: unknown) => void points.push(point) };
    const breakers = [
      { name: 'redis', isOpen: () => true },
      { name: 'origin', isOpen: () => false },
    ];
    const log = (line: Record<string, unknown>) => void lines.push(line);
    observer({ log, dataset, random: () => random, breakers })({ ...seen, ...change });
    return { lines, points };
  }

  test('is a data point always, and a line once in a hundred', () => {
    const { lines, points } = told(0.01, {});
    expect(lines).toEqual([]);
    expect(points).toEqual([
      {
        indexes: ['acme'],
        blobs: ['/v1/campaigns/popular', 'GET', '200', 'memory', '', 'redis'],
        doubles: [3, 1],
      },
    ]);
    expect(told(0.0099, {}).lines).toMatchObject([
      { level: 'info', event: 'request', route: '/v1/campaigns/popular', status: 200, cache: 'memory' },
    ]);
    expect(told(0, {}).lines).toMatchObject([{ traceparent: 'a trace', open: 'redis' }]);
    expect(told(0, { status: 304 }).lines).toMatchObject([{ status: 304 }]);
  });

  test('is a line for every failure of ours', () => {
    expect(told(0.99, { status: 503 }).lines).toMatchObject([
      { level: 'error', event: 'request', status: 503 },
    ]);
    expect(told(0.99, { status: 404 }).lines).toEqual([]);
    const failure = { error: 'RangeError', code: null, at: [] };
    expect(told(0.99, { status: 500, failure }).lines).toMatchObject([
      { event: 'unexpected', error: 'RangeError', status: 500 },
    ]);
  });

  test.each([
    [null, ''],
    ['edgewise; hit; ttl=1; detail=memory', 'memory'],
    ['edgewise; fwd=miss; stored', 'miss'],
    ['edgewise; fwd=stale; detail=stale-if-error', 'stale-if-error'],
    ['edgewise; fwd=method', 'method'],
  ])('of %s names the tier "%s"', (status, tier) => {
    expect(cacheTier(status)).toBe(tier);
  });
});
