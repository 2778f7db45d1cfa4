import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Deletion, Deletions } from '#backing/deletions/port.ts';
import { forgottenKey } from '#backing/forgotten.ts';
import { FORGETTING_STORES } from '#contract/deletion.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type DeletionsSubject = {
  name: string;
  /** Empty, and sharing nothing with any other; closed when the test has finished. */
  open(): Promise<Deletions>;
};

const { signal } = new AbortController();
const minute = (at: number) => `2026-11-01T10:${String(at).padStart(2, '0')}:00.000Z`;
const PLACE = { partition: 3, offset: 2 ** 40 };

export const deletionOf = (tenant_id: string, user_id = 'ann', forgotten_at = minute(1)): Deletion => {
  return { deletion_id: randomUUID(), tenant_id, user_id, forgotten_at, ...PLACE };
};

export function deletionsContract({ name, open }: DeletionsSubject): void {
  describe(`deletions: ${name}`, () => {
    dumpContract(async () => {
      const deletions = await open();
      return {
        dump: () => deletions.dump(),
        write: () => deletions.register([deletionOf(newTenant()), deletionOf(newTenant())], signal),
      };
    });

    test('one that is registered is open to every store, with all that was told of it, and done to none', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const one = deletionOf(tenant_id);
      await deletions.register([one], signal);
      for (const store of FORGETTING_STORES)
        expect(await deletions.open(store, minute(2), 10, signal)).toEqual([one]);
      const { deletion_id, forgotten_at } = one;
      expect(await deletions.read(tenant_id, deletion_id, signal)).toEqual({
        deletion_id,
        forgotten_at,
        key: forgottenKey(tenant_id, 'ann'),
        stores: FORGETTING_STORES.map((store) => ({ store, done_at: null })),
      });
    });

    test('open ones come earliest first, as many as are asked for, and none of the moment or after it', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const all = [3, 1, 2, 4].map((at) => deletionOf(tenant_id, 'ann', minute(at)));
      await deletions.register(all, signal);
      const found = await deletions.open('graph', minute(4), 2, signal);
      expect(found.map(({ forgotten_at }) => forgotten_at)).toEqual([minute(1), minute(2)]);
      const rest = await deletions.open('graph', minute(4), 10, signal);
      expect(rest.map(({ forgotten_at }) => forgotten_at)).toEqual([1, 2, 3].map(minute));
    });

    test('a store that is done names nobody any more, and its first moment stays', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const [one, other] = [deletionOf(tenant_id, 'a-name'), deletionOf(tenant_id, 'another')];
      await deletions.register([one, other], signal);
      for (const store of FORGETTING_STORES)
        await deletions.finish(store, [one.deletion_id], minute(5), signal);
      await deletions.finish('graph', [one.deletion_id], minute(6), signal);
      expect(await deletions.open('graph', minute(9), 10, signal)).toEqual([other]);
      const { stores = [] } = (await deletions.read(tenant_id, one.deletion_id, signal)) ?? {};
      expect(stores.map(({ done_at }) => done_at)).toEqual(FORGETTING_STORES.map(() => minute(5)));
      expect((await collect(deletions.dump())).join()).not.toContain('a-name');
    });

    test('registered again, it stays as it is: nothing that is done is undone', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const one = deletionOf(tenant_id);
      await deletions.register([one], signal);
      await deletions.finish('graph', [one.deletion_id], minute(5), signal);
      const before = await collect(deletions.dump());
      await deletions.register([one], signal);
      expect(await collect(deletions.dump())).toEqual(before);
    });

    test('tells since when people are forgotten, by their last deletion, done or not', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const all = [2, 5, 3].map((at) => deletionOf(tenant_id, 'ann', minute(at)));
      await deletions.register(all, signal);
      await deletions.finish('graph', [all[1]?.deletion_id as string], minute(6), signal);
      const [ann, bob] = ['ann', 'bob'].map((user) => forgottenKey(tenant_id, user)) as [string, string];
      expect(await deletions.since([ann, bob], signal)).toEqual(new Map([[ann, minute(5)]]));
    });

    test('another tenant sees none of them', async () => {
      const [deletions, tenant_id] = [await open(), newTenant()];
      const one = deletionOf(tenant_id);
      await deletions.register([one], signal);
      expect(await deletions.read(newTenant(), one.deletion_id, signal)).toBeNull();
      expect(await deletions.read(tenant_id, randomUUID(), signal)).toBeNull();
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [deletions, aborted, one] = [await open(), AbortSignal.abort(), deletionOf(newTenant())];
      await expect(deletions.register([one], aborted)).rejects.toThrow('aborted');
      expect(await collect(deletions.dump())).toEqual([]);
      await deletions.register([one], signal);
      const before = await collect(deletions.dump());
      await expect(deletions.finish('graph', [one.deletion_id], minute(2), aborted)).rejects.toThrow();
      await expect(deletions.open('graph', minute(2), 1, aborted)).rejects.toThrow();
      await expect(deletions.read(one.tenant_id, one.deletion_id, aborted)).rejects.toThrow();
      await expect(deletions.since(['k'], aborted)).rejects.toThrow();
      expect(await collect(deletions.dump())).toEqual(before);
    });
  });
}
