import { describe, expect, test } from 'vitest';
import type { Versioned } from '#backing/versioned/port.ts';
import type { ModelContent } from '#contract/model.ts';
import type { PlacementContent } from '#contract/placement.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type VersionedSubject<Content> = {
  name: string;
  /** An empty table that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Versioned<Content>>;
  /** What a version may hold, another for each number. */
  content(i: number): Content;
};

const { signal } = new AbortController();
const [at, later] = ['2026-11-01T10:00:00.000Z', '2026-11-01T11:00:00.000Z'];

export const placementContent = (popular: number): PlacementContent => ({
  weights: { popular, 'odd "name" ü': 0 },
  model: popular % 2 ? 'mine' : null,
  repeats: false,
  boosts: [{ tag: 'neu', factor: 2 }],
  pins: [{ campaign_id: 'c-1', position: 1, daily_cap: null }],
  frequency_caps: [{ campaign_id: null, impressions: 3, within: 'day' }],
  diversity: 0.5,
  exploration: 0,
});

export const modelContent = (base: number): ModelContent => ({
  ...{ kind: 'trees', base, sources: ['popular', 'odd "name" ü'], weights: [0.1, -2] },
  trees: [{ features: [1], above: [1e-7], values: [0.25, -1 / 3, 2] }],
});

/** What every store of versions holds to. */
export function versionedContract<Content>({ name, open, content }: VersionedSubject<Content>): void {
  describe(`in versions: ${name}`, () => {
    dumpContract(async () => {
      const stored = await open();
      return {
        dump: () => stored.dump(),
        async write() {
          const tenant_id = newTenant();
          for (let i = 0; i < 12; i++)
            await stored.add({ tenant_id, name: 'home', content: content(i), at }, signal);
        },
      };
    });

    test('a version is added as a candidate, with all of its content, and each has the next number', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      expect(await stored.of(tenant_id, {}, signal)).toEqual([]);
      const rows = [];
      for (const name of ['home', 'home', 'cart']) {
        rows.push(await stored.add({ tenant_id, name, content: content(rows.length), at }, signal));
      }
      expect(rows.map(({ version, status }) => [version, status])).toEqual([
        [1, 'candidate'],
        [2, 'candidate'],
        [1, 'candidate'],
      ]);
      expect(rows[1]).toMatchObject({ content: content(1), created_at: at, changed_at: at });
      expect(await stored.of(tenant_id, {}, signal)).toEqual([rows[2], rows[0], rows[1]]);
      expect(await stored.of(newTenant(), {}, signal)).toEqual([]);
    });

    test('they are read by name, or those that serve, or all without what they hold', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      for (const [i, name] of ['home', 'home', 'home', 'cart'].entries())
        await stored.add({ tenant_id, name, content: content(i), at }, signal);
      for (const [version, status] of [
        [1, 'live'],
        [2, 'shadow'],
      ] as const)
        await stored.move({ tenant_id, name: 'home', version, status, at }, signal);
      const all = await stored.of(tenant_id, {}, signal);
      expect(await stored.of(tenant_id, { name: 'home' }, signal)).toEqual(all.slice(1));
      expect(await stored.of(tenant_id, { serving: true }, signal)).toEqual(all.slice(1, 3));
      expect(await stored.of(tenant_id, { name: 'cart', serving: true }, signal)).toEqual([]);
      expect(await stored.list(tenant_id, signal)).toEqual(all.map(({ content: _, ...row }) => row));
      expect(await stored.list(newTenant(), signal)).toEqual([]);
    });

    test('the same candidate again is the same version, also where both are added at once', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      const made = { tenant_id, name: 'home', content: content(1), at };
      const rows = await Promise.all(Array.from({ length: 8 }, () => stored.add(made, signal)));
      expect(new Set(rows.map(({ version }) => version))).toEqual(new Set([1]));
      await stored.move({ ...made, version: 1, status: 'live' }, signal);
      expect((await stored.add(made, signal)).version).toBe(2);
    });

    test('at most one is live and one shadow, whoever moves them at once; what was there before is retired', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      const named = { tenant_id, name: 'home' };
      for (let i = 0; i < 6; i++) await stored.add({ ...named, content: content(i), at }, signal);
      await Promise.all(
        [1, 2, 3, 4, 5, 6].map((version) =>
          stored.move({ ...named, version, status: version % 2 ? 'live' : 'shadow', at: later }, signal),
        ),
      );
      const statuses = (await stored.of(tenant_id, {}, signal)).map(({ status }) => status).sort();
      expect(statuses).toEqual(['live', 'retired', 'retired', 'retired', 'retired', 'shadow']);
    });

    test('a move changes that version alone, can be repeated, and be taken back', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      for (const name of ['cart', 'home'])
        await stored.add({ tenant_id, name, content: content(1), at }, signal);
      const move = { tenant_id, name: 'home', version: 1, status: 'live', at: later } as const;
      const moved = await stored.move(move, signal);
      expect(moved).toMatchObject({ status: 'live', created_at: at, changed_at: later });
      expect(await stored.move({ ...move, at: '2026-11-02T00:00:00.000Z' }, signal)).toEqual(moved);
      expect((await stored.of(tenant_id, {}, signal))[0]?.status).toBe('candidate');
      await stored.add({ ...move, content: content(2) }, signal);
      await stored.move({ ...move, version: 2 }, signal);
      await stored.move(move, signal);
      const rows = (await stored.of(tenant_id, {}, signal)).filter(({ name }) => name === 'home');
      expect(rows.map(({ status }) => status)).toEqual(['live', 'retired']);
    });

    test('a version that the tenant has not is moved nowhere', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      await stored.add({ tenant_id, name: 'home', content: content(1), at }, signal);
      const move = { tenant_id, name: 'home', version: 1, status: 'live', at } as const;
      for (const other of [{ version: 2 }, { name: 'cart' }, { tenant_id: newTenant() }])
        expect(await stored.move({ ...move, ...other }, signal)).toBeNull();
      expect((await stored.of(tenant_id, {}, signal)).map(({ status }) => status)).toEqual(['candidate']);
    });

    test('old versions go, but never those that are live or shadow, nor does a number come again', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      const named = { tenant_id, name: 'home', at };
      for (let i = 1; i <= stored.kept + 5; i++) {
        await stored.add({ ...named, content: content(i) }, signal);
        if (i === 1) await stored.move({ ...named, version: 1, status: 'live' }, signal);
        if (i === 2) await stored.move({ ...named, version: 2, status: 'shadow' }, signal);
      }
      const versions = (await stored.of(tenant_id, {}, signal)).map(({ version }) => version);
      expect(versions).toHaveLength(stored.kept + 2);
      expect(versions.slice(0, 3)).toEqual([1, 2, 6]);
      expect(versions.at(-1)).toBe(stored.kept + 5);
    });

    test('a tenant has so many names and no more', async () => {
      const [stored, tenant_id] = [await open(), newTenant()];
      const add = (i: number) => stored.add({ tenant_id, name: `p-${i}`, content: content(1), at }, signal);
      for (let i = 0; i < stored.most; i++) await add(i);
      await expect(add(stored.most)).rejects.toMatchObject({ code: 'too_many' });
      await expect(add(0)).resolves.toMatchObject({ version: 1 });
      expect(await stored.of(tenant_id, {}, signal)).toHaveLength(stored.most);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [stored, tenant_id, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      const made = { tenant_id, name: 'home', content: content(1), at };
      await expect(stored.add(made, aborted)).rejects.toThrow();
      await expect(stored.move({ ...made, version: 1, status: 'live' }, aborted)).rejects.toThrow();
      await expect(stored.of(tenant_id, {}, aborted)).rejects.toThrow();
      await expect(stored.list(tenant_id, aborted)).rejects.toThrow();
      expect(await collect(stored.dump())).toEqual([]);
    });
  });
}
