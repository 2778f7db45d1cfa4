import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import type { Forgotten } from '#contract/deletion.ts';
import type { EmbeddingVersion } from '../../embedder/port.ts';
import { forgottenKey } from '../../forgotten.ts';
import type { MessageVector } from '../port.ts';
import { forgottenName } from './names.ts';
import { fetchRows, upsertRows } from './rows.ts';
import { forgottenFields } from './schema.ts';
import type { Store } from './store.ts';

/** What stands for an embedding version in the collection of who was forgotten, whose vectors mean nothing. */
const NOTHING: EmbeddingVersion = { id: 'forgotten', dimension: 2, metric: 'cosine', digest: 'none' };
const NO_VECTOR = [1, 0];
/** How many rows leave at once. */
const SOME = 1_000;

type Person = { tenant_id: string; user_id: string };

/**
 * Forgetting in Milvus, which has no transactions. Who forgets remembers that first, in a collection of its own, and
 * takes rows away after it; who puts rows looks afterwards who was forgotten, and takes away what was not to be put.
 * Whichever of the two is later finds what the other did, since both read what was written last.
 */
export function forgettingIn({ connection, collections, prefix, write_ms }: Store) {
  const name = forgottenName(prefix);

  /** Since when those of these keys are forgotten. */
  async function since(keys: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
    await collections.make(name, NOTHING, forgottenFields(NOTHING.dimension), signal);
    const asked = { name, keys, fields: ['forgotten_at'], limit_ms: write_ms };
    const rows = await fetchRows(connection, asked, signal);
    return new Map(rows.map(({ pk, forgotten_at }) => [String(pk), String(forgotten_at)]));
  }

  /** Takes what a person has no more out of a collection. */
  async function sweepIn(
    collection: string,
    { tenant_id, user_id }: Person,
    at: string,
    signal: AbortSignal,
  ): Promise<void> {
    const [tenant, user] = [JSON.stringify(tenant_id), JSON.stringify(user_id)];
    const filter = `tenant_id == ${tenant} and user_id == ${user} and lived_ms <= ${Date.parse(at)}`;
    for (;;) {
      const { data } = await connection.call(signal, write_ms, (client, timeout) =>
        client.query({
          collection_name: collection,
          filter,
          output_fields: ['pk'],
          consistency_level: ConsistencyLevelEnum.Strong,
          limit: SOME,
          timeout,
        }),
      );
      if (data.length === 0) return;
      const keys = JSON.stringify(data.map(({ pk }) => String(pk)));
      await connection.call(signal, write_ms, (client, timeout) =>
        client.delete({ collection_name: collection, filter: `pk in ${keys}`, timeout }),
      );
    }
  }

  /** Takes what people have no more out of all collections of messages, of every version and month. */
  async function sweep(people: readonly (Person & { at: string })[], signal: AbortSignal): Promise<void> {
    const all = await collections.list(signal, true);
    for (const { name: collection } of all.filter(({ kind }) => kind !== 'campaigns')) {
      await collections.ready(collection, null, signal);
      for (const { at, ...person } of people) await sweepIn(collection, person, at, signal);
    }
  }

  return {
    async forget(people: readonly Forgotten[], signal: AbortSignal): Promise<void> {
      const latest = new Map<string, Forgotten>();
      for (const one of people) {
        const key = forgottenKey(one.tenant_id, one.user_id);
        const before = latest.get(key);
        if (!before || before.forgotten_at < one.forgotten_at) latest.set(key, one);
      }
      const known = await since([...latest.keys()], signal);
      const each = [...latest].map(([key, { tenant_id, user_id, forgotten_at }]) => {
        const [, at = forgotten_at] = [known.get(key) ?? '', forgotten_at].sort();
        return { key, tenant_id, user_id, at };
      });
      const rows = each.map(({ key, tenant_id, at }) => ({
        pk: key,
        tenant_id,
        vector: NO_VECTOR,
        forgotten_at: at,
      }));
      await upsertRows(connection, { name, rows, limit_ms: write_ms }, signal);
      await sweep(
        each.map(({ tenant_id, user_id, at }) => ({ tenant_id, user_id, at })),
        signal,
      );
    },

    /** Looks whose of the rows that were just put was forgotten after them. */
    async afterPutting(rows: readonly MessageVector[], signal: AbortSignal): Promise<void> {
      const people = new Map<string, Person & { dies: string }>();
      for (const { tenant_id, user_id, lived_at } of rows) {
        const key = forgottenKey(tenant_id, user_id);
        const before = people.get(key);
        if (!before || lived_at < before.dies) people.set(key, { tenant_id, user_id, dies: lived_at });
      }
      const holds = await since([...people.keys()], signal);
      const dead = [...people].flatMap(([key, { tenant_id, user_id, dies }]) => {
        const at = holds.get(key);
        return at !== undefined && dies <= at ? [{ tenant_id, user_id, at }] : [];
      });
      if (dead.length > 0) await sweep(dead, signal);
    },
  };
}
