import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type VersionsSubject = {
  name: string;
  /** An empty table that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Versions>;
};

const { signal } = new AbortController();

const version = (id: string, digest = 'd'): EmbeddingVersion => ({
  id,
  dimension: 256,
  metric: 'cosine',
  digest,
});
const [a, b, c] = [version('a'), version('b'), version('c')];

/** What every switch of embedding versions holds to. */
export function versionsContract({ name, open }: VersionsSubject): void {
  describe(`the embedding versions: ${name}`, () => {
    dumpContract(async () => {
      const versions = await open();
      return {
        dump: () => versions.dump(),
        async write() {
          for (let i = 0; i < 3; i++) {
            await versions.switch({ tenant_id: newTenant(), from: null, to: a }, signal);
          }
        },
      };
    });

    test('a tenant that was never switched has none, and afterwards the whole of what it was switched to', async () => {
      const [versions, tenant_id] = [await open(), newTenant()];
      expect(await versions.current(tenant_id, signal)).toBeNull();
      const to: EmbeddingVersion = {
        id: 'odd "id" ü',
        dimension: 3072,
        metric: 'cosine',
        digest: 'f'.repeat(64),
      };
      expect(await versions.switch({ tenant_id, from: null, to }, signal)).toBe(true);
      expect(await versions.current(tenant_id, signal)).toEqual(to);
    });

    test('a switch from what is not current changes nothing, and says so', async () => {
      const [versions, tenant_id] = [await open(), newTenant()];
      expect(await versions.switch({ tenant_id, from: a, to: b }, signal)).toBe(false);
      expect(await versions.current(tenant_id, signal)).toBeNull();
      await versions.switch({ tenant_id, from: null, to: a }, signal);
      for (const from of [null, c, version('a', 'another digest')]) {
        expect(await versions.switch({ tenant_id, from, to: b }, signal)).toBe(false);
        expect(await versions.current(tenant_id, signal)).toEqual(a);
      }
    });

    test('it goes on and back again, and the same switch can be repeated', async () => {
      const [versions, tenant_id] = [await open(), newTenant()];
      const steps = [
        { from: null, to: a },
        { from: a, to: b },
        { from: b, to: a },
      ];
      for (const step of steps) {
        for (let times = 0; times < 2; times++) {
          expect(await versions.switch({ tenant_id, ...step }, signal)).toBe(true);
          expect(await versions.current(tenant_id, signal)).toEqual(step.to);
        }
      }
    });

    test('of switches at once from the same version to different ones, one wins', async () => {
      const versions = await open();
      for (const from of [null, a]) {
        const tenant_id = newTenant();
        if (from) await versions.switch({ tenant_id, from: null, to: from }, signal);
        const all = Array.from({ length: 8 }, (_, i) => version(`version-${i}`));
        const won = await Promise.all(all.map((to) => versions.switch({ tenant_id, from, to }, signal)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await versions.current(tenant_id, signal)).toEqual(all[won.indexOf(true)]);
      }
    });

    test('whatever the switches, it is as one variable a tenant that is compared and set', async () => {
      const versions = await open();
      const one = fc.constantFrom(a, b, c, version('a', 'e'));
      const step = fc.record({
        tenant: fc.nat({ max: 1 }),
        from: fc.option(one, { nil: null }),
        to: one,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const tenants = [newTenant(), newTenant()];
          const expected: (EmbeddingVersion | null)[] = [null, null];
          for (const { tenant, from, to } of steps) {
            const tenant_id = tenants[tenant] as string;
            const now = expected[tenant] ?? null;
            const same = (other: EmbeddingVersion | null) => JSON.stringify(now) === JSON.stringify(other);
            const wins = same(from) || same(to);
            if (wins) expected[tenant] = to;
            expect(await versions.switch({ tenant_id, from, to }, signal)).toBe(wins);
          }
          for (const [at, tenant_id] of tenants.entries())
            expect(await versions.current(tenant_id, signal)).toEqual(expected[at]);
        }),
        { numRuns: 50 },
      );
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [versions, tenant_id, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      await expect(versions.switch({ tenant_id, from: null, to: a }, aborted)).rejects.toThrow();
      await expect(versions.current(tenant_id, aborted)).rejects.toThrow();
      expect(await collect(versions.dump())).toEqual([]);
    });
  });
}
