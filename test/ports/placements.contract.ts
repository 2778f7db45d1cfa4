import { describe, expect, test } from 'vitest';
import { MOST_PLACEMENTS, type Placements, VERSIONS_KEPT } from '#backing/placements/port.ts';
import type { PlacementContent } from '#contract/placement.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type PlacementsSubject = {
  name: string;
  /** An empty table that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Placements>;
};

const { signal } = new AbortController();
const [at, later] = ['2026-11-01T10:00:00.000Z', '2026-11-01T11:00:00.000Z'];

export const content = (popular = 1): PlacementContent => ({
  weights: { popular, 'odd "name" ü': 0 },
  repeats: false,
  boosts: [{ tag: 'neu', factor: 2 }],
  pins: [{ campaign_id: 'c-1', position: 1, daily_cap: null }],
  frequency_caps: [{ campaign_id: null, impressions: 3, within: 'day' }],
  diversity: 0.5,
  exploration: 0,
});

/** What every store of placements holds to. */
export function placementsContract({ name, open }: PlacementsSubject): void {
  describe(`the placements: ${name}`, () => {
    dumpContract(async () => {
      const placements = await open();
      return {
        dump: () => placements.dump(),
        async write() {
          const tenant_id = newTenant();
          for (let i = 0; i < 12; i++)
            await placements.add({ tenant_id, placement: 'home', content: content(i), at }, signal);
        },
      };
    });

    test('a version is added as a candidate, with all of its content, and each has the next number', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      expect(await placements.of(tenant_id, signal)).toEqual([]);
      const rows = [];
      for (const placement of ['home', 'home', 'cart']) {
        rows.push(await placements.add({ tenant_id, placement, content: content(rows.length), at }, signal));
      }
      expect(rows.map(({ version, status }) => [version, status])).toEqual([
        [1, 'candidate'],
        [2, 'candidate'],
        [1, 'candidate'],
      ]);
      expect(rows[1]).toMatchObject({ content: content(1), created_at: at, changed_at: at });
      expect(await placements.of(tenant_id, signal)).toEqual([rows[2], rows[0], rows[1]]);
      expect(await placements.of(newTenant(), signal)).toEqual([]);
    });

    test('the same candidate again is the same version, also where both are added at once', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      const made = { tenant_id, placement: 'home', content: content(), at };
      const rows = await Promise.all(Array.from({ length: 8 }, () => placements.add(made, signal)));
      expect(new Set(rows.map(({ version }) => version))).toEqual(new Set([1]));
      await placements.move({ ...made, version: 1, status: 'live' }, signal);
      expect((await placements.add(made, signal)).version).toBe(2);
    });

    test('at most one is live and one shadow, whoever moves them at once; what was there before is retired', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      const named = { tenant_id, placement: 'home' };
      for (let i = 0; i < 6; i++) await placements.add({ ...named, content: content(i), at }, signal);
      await Promise.all(
        [1, 2, 3, 4, 5, 6].map((version) =>
          placements.move({ ...named, version, status: version % 2 ? 'live' : 'shadow', at: later }, signal),
        ),
      );
      const statuses = (await placements.of(tenant_id, signal)).map(({ status }) => status).sort();
      expect(statuses).toEqual(['live', 'retired', 'retired', 'retired', 'retired', 'shadow']);
    });

    test('a move changes that version alone, can be repeated, and be taken back', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      for (const placement of ['cart', 'home'])
        await placements.add({ tenant_id, placement, content: content(), at }, signal);
      const move = { tenant_id, placement: 'home', version: 1, status: 'live', at: later } as const;
      const moved = await placements.move(move, signal);
      expect(moved).toMatchObject({ status: 'live', created_at: at, changed_at: later });
      expect(await placements.move({ ...move, at: '2026-11-02T00:00:00.000Z' }, signal)).toEqual(moved);
      expect((await placements.of(tenant_id, signal))[0]?.status).toBe('candidate');
      await placements.add({ ...move, content: content(2) }, signal);
      await placements.move({ ...move, version: 2 }, signal);
      await placements.move(move, signal);
      const rows = (await placements.of(tenant_id, signal)).filter(({ placement }) => placement === 'home');
      expect(rows.map(({ status }) => status)).toEqual(['live', 'retired']);
    });

    test('a version that the tenant has not is moved nowhere', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      await placements.add({ tenant_id, placement: 'home', content: content(), at }, signal);
      const move = { tenant_id, placement: 'home', version: 1, status: 'live', at } as const;
      for (const other of [{ version: 2 }, { placement: 'cart' }, { tenant_id: newTenant() }])
        expect(await placements.move({ ...move, ...other }, signal)).toBeNull();
      expect((await placements.of(tenant_id, signal)).map(({ status }) => status)).toEqual(['candidate']);
    });

    test('old versions go, but never those that are live or shadow, nor does a number come again', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      const named = { tenant_id, placement: 'home', at };
      for (let i = 1; i <= VERSIONS_KEPT + 5; i++) {
        await placements.add({ ...named, content: content(i) }, signal);
        if (i === 1) await placements.move({ ...named, version: 1, status: 'live' }, signal);
        if (i === 2) await placements.move({ ...named, version: 2, status: 'shadow' }, signal);
      }
      const versions = (await placements.of(tenant_id, signal)).map(({ version }) => version);
      expect(versions).toHaveLength(VERSIONS_KEPT + 2);
      expect(versions.slice(0, 3)).toEqual([1, 2, 6]);
      expect(versions.at(-1)).toBe(VERSIONS_KEPT + 5);
    });

    test('a tenant has so many placements and no more', async () => {
      const [placements, tenant_id] = [await open(), newTenant()];
      const add = (i: number) =>
        placements.add({ tenant_id, placement: `p-${i}`, content: content(), at }, signal);
      for (let i = 0; i < MOST_PLACEMENTS; i++) await add(i);
      await expect(add(MOST_PLACEMENTS)).rejects.toMatchObject({ code: 'too_many_placements' });
      await expect(add(0)).resolves.toMatchObject({ version: 1 });
      expect(await placements.of(tenant_id, signal)).toHaveLength(MOST_PLACEMENTS);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [placements, tenant_id, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      const made = { tenant_id, placement: 'home', content: content(), at };
      await expect(placements.add(made, aborted)).rejects.toThrow();
      await expect(placements.move({ ...made, version: 1, status: 'live' }, aborted)).rejects.toThrow();
      await expect(placements.of(tenant_id, aborted)).rejects.toThrow();
      expect(await collect(placements.dump())).toEqual([]);
    });
  });
}
