import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ApiKeys, KeyTaken } from '#backing/keys/port.ts';
import type { ApiKey } from '#contract/api-key.ts';
import { SCOPES } from '#contract/caller.ts';
import { instantArb } from '../support/arbitraries.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type KeysSubject = {
  name: string;
  /** An empty store that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<ApiKeys>;
};

const { signal } = new AbortController();

const hex = (at: number) => at.toString(16).padStart(16, '0');

export function apiKey(told: Partial<ApiKey> = {}): ApiKey {
  return {
    key_id: hex(1),
    tenant_id: 'acme',
    name: 'A key',
    scopes: ['events:write'],
    created_at: '2026-11-01T10:00:00.000Z',
    expires_at: null,
    revoked_at: null,
    pepper: 'p1',
    digest: 'abc',
    ...told,
  };
}

const keyArb: fc.Arbitrary<ApiKey> = fc.record({
  key_id: fc.stringMatching(/^[a-f0-9]{16}$/),
  tenant_id: fc.constantFrom('acme', '-', 'z'),
  name: fc.oneof(fc.stringMatching(/^[ -~]{1,128}$/), fc.constantFrom('größe', '👩🏽‍🚀', "'; --")),
  scopes: fc.subarray([...SCOPES]),
  created_at: instantArb(),
  expires_at: fc.option(instantArb()),
  revoked_at: fc.option(instantArb()),
  pepper: fc.constantFrom('p1', 'p_2-x'),
  digest: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
});

/** What every store of API keys holds to. */
export function keysContract({ name, open }: KeysSubject): void {
  describe(`API keys: ${name}`, () => {
    dumpContract(async () => {
      const keys = await open();
      let made = 0;
      return {
        dump: () => keys.dump(),
        async write() {
          made += 2;
          await keys.add(apiKey({ key_id: hex(made), tenant_id: 'b' }), signal);
          await keys.add(apiKey({ key_id: hex(made + 1), tenant_id: 'a' }), signal);
        },
      };
    });

    test('any key comes back as it was', async () => {
      const keys = await open();
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(keyArb, async (key) => {
          fc.pre(!seen.has(key.key_id));
          seen.add(key.key_id);
          await keys.add(key, signal);
          expect(await keys.get(key.key_id, signal)).toEqual(key);
        }),
      );
    });

    test('the same key added again changes nothing, and another one under its id is refused', async () => {
      const keys = await open();
      const key = apiKey();
      await keys.add(key, signal);
      await keys.add(key, signal);
      await expect(keys.add(apiKey({ digest: 'other', tenant_id: 'globex' }), signal)).rejects.toThrow(
        KeyTaken,
      );
      expect(await keys.get(key.key_id, signal)).toEqual(key);
      expect(await keys.of('globex', signal)).toEqual([]);
    });

    test('a key that never was is null, and a tenant without any has an empty list', async () => {
      const keys = await open();
      expect(await keys.get(hex(9), signal)).toBeNull();
      expect(await keys.of(newTenant(), signal)).toEqual([]);
    });

    test("a tenant's list is its own, ended keys as well, by their ids", async () => {
      const keys = await open();
      const mine = [3, 1, 2].map((at) => apiKey({ key_id: hex(at) }));
      for (const key of mine) await keys.add(key, signal);
      await keys.add(apiKey({ key_id: hex(4), tenant_id: 'globex' }), signal);
      await keys.revoke('acme', hex(2), '2026-11-02T00:00:00.000Z', signal);
      const listed = await keys.of('acme', signal);
      expect(listed.map(({ key_id }) => key_id)).toEqual([hex(1), hex(2), hex(3)]);
      expect(listed[1]?.revoked_at).toBe('2026-11-02T00:00:00.000Z');
    });

    test.each(['expire', 'revoke'] as const)('of two ends by "%s" the earlier holds', async (how) => {
      const keys = await open();
      const field = how === 'expire' ? 'expires_at' : 'revoked_at';
      await keys.add(apiKey(), signal);
      const [early, late] = ['2026-11-02T00:00:00.000Z', '2026-11-03T00:00:00.000Z'];
      expect(await keys[how]('acme', hex(1), late, signal)).toEqual(apiKey({ [field]: late }));
      expect(await keys[how]('acme', hex(1), early, signal)).toEqual(apiKey({ [field]: early }));
      expect(await keys[how]('acme', hex(1), late, signal)).toEqual(apiKey({ [field]: early }));
      expect(await keys.get(hex(1), signal)).toEqual(apiKey({ [field]: early }));
    });

    test.each(['expire', 'revoke'] as const)(
      'another tenant cannot %s a key, nor learn of it',
      async (how) => {
        const keys = await open();
        await keys.add(apiKey(), signal);
        expect(await keys[how]('globex', hex(1), '2026-11-02T00:00:00.000Z', signal)).toBeNull();
        expect(await keys[how]('acme', hex(2), '2026-11-02T00:00:00.000Z', signal)).toBeNull();
        expect(await keys.get(hex(1), signal)).toEqual(apiKey());
      },
    );

    test('an aborted call changes nothing', async () => {
      const keys = await open();
      const aborted = AbortSignal.abort(new Error('gone'));
      await expect(keys.add(apiKey(), aborted)).rejects.toThrow('gone');
      expect(await keys.get(hex(1), signal)).toBeNull();
    });
  });
}
