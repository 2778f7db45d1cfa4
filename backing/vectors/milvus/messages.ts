import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import type { EmbeddingVersion } from '../../embedder/port.ts';
import type { Place } from '../../log/port.ts';
import type { MessageHit, MessageSearch, MessageVector, Vectors } from '../port.ts';
import { dropOldCollections } from './drop-old.ts';
import { scanRows } from './exactly.ts';
import { forgettingIn } from './forget.ts';
import { keptOf } from './kept-of.ts';
import { lanes } from './lanes.ts';
import { holds, keyOf, messagesName, type Named, versionPart } from './names.ts';
import { fetchRows, type Row, upsertRows } from './rows.ts';
import { messageFields } from './schema.ts';
import { best, searchRows, similarityOf } from './search.ts';
import type { Store } from './store.ts';
import { checkWidth } from './width.ts';

type MessagesOf = Pick<
  Vectors,
  | 'putMessages'
  | 'nearestMessages'
  | 'messagesExactly'
  | 'messages'
  | 'messagesOfMany'
  | 'forget'
  | 'messagesOf'
  | 'dropBefore'
>;

/** Where a row of an identity stands. */
type Found = { name: string; place: number };

/** How many of the newest months are looked through first for a person's messages. */
const NEWEST = 2;

/** The order of an identity's places as one number: `events` before `events.import`, then the offset. */
function rank({ topic, offset }: Place): number {
  return offset + (topic === topics.imports ? 2 ** 52 : 0);
}

function rowOf(pk: string, message: MessageVector): Row {
  const {
    tenant_id,
    user_id,
    message_id,
    occurred_at,
    campaign_id,
    locale,
    lived_at,
    accepted_at,
    place,
    vector,
  } = message;
  return {
    pk,
    tenant_id,
    user_id,
    message_id,
    occurred_at,
    occurred_ms: Date.parse(occurred_at),
    lived_ms: Date.parse(lived_at),
    accepted_ms: Date.parse(accepted_at),
    campaign_id: campaign_id ?? '',
    locale: locale ?? '',
    place: rank(place),
    vector: Array.from(vector),
  };
}

function hitOf(row: Row): MessageHit {
  return {
    user_id: String(row['user_id']),
    message_id: String(row['message_id']),
    campaign_id: String(row['campaign_id']) || null,
    occurred_at: String(row['occurred_at']),
    similarity: similarityOf(row),
  };
}

const HIT_FIELDS = ['user_id', 'message_id', 'campaign_id', 'occurred_at'];

function hitsOf(rows: readonly Row[], k: number): MessageHit[] {
  return best(rows.map(hitOf), k, ({ user_id, message_id }) => composite(user_id, message_id));
}

function filterOf({ tenant_id, about_campaigns, from, before }: MessageSearch): string {
  return [
    `tenant_id == ${JSON.stringify(tenant_id)}`,
    `occurred_ms >= ${Date.parse(from)} and occurred_ms < ${Date.parse(before)}`,
    ...(about_campaigns ? ['campaign_id != ""'] : []),
  ].join(' and ');
}

/** The place that counts for each identity of a call, since Milvus takes a key only once in a call. */
function earliest(rows: readonly MessageVector[]): Map<string, MessageVector> {
  const kept = new Map<string, MessageVector>();
  for (const row of rows) {
    const pk = keyOf(row.tenant_id, row.user_id, row.message_id);
    const before = kept.get(pk);
    if (!before || rank(row.place) < rank(before.place)) kept.set(pk, row);
  }
  return kept;
}

/**
 * Messages in Milvus. Milvus compares nothing when it writes, so what is there is read first, in every collection:
 * two events of one identity may have occurred in different months. In between, nobody else may write that
 * identity. Its events stand in partitions of one number, of `events` and `events.import`; in one process, what
 * comes of one number is written one after the other. Across processes it holds where the group hands both
 * partitions of a number to one member; otherwise an imported twin that is written in the same moment may win.
 */
export function messagesIn(store: Store): MessagesOf {
  const { connection, collections, prefix, history_before, search_ms, write_ms } = store;
  const inLanes = lanes();
  const forgetting = forgettingIn(store);

  async function ofVersion(id: string, signal: AbortSignal, fresh = false): Promise<Named[]> {
    const part = versionPart(id);
    const all = await collections.list(signal, fresh);
    return all.filter(({ kind, version }) => kind !== 'campaigns' && version === part);
  }

  async function found(
    version: Parameters<MessagesOf['putMessages']>[0],
    keys: string[],
    signal: AbortSignal,
  ) {
    const places = new Map<string, Found[]>();
    const names = (await ofVersion(version.id, signal, true)).map(({ name }) => name).sort();
    await Promise.all(
      names.map(async (name) => {
        await collections.ready(name, version, signal);
        const rows = await fetchRows(
          connection,
          { name, keys, fields: ['place'], limit_ms: write_ms },
          signal,
        );
        for (const { pk, place } of rows) {
          const others = places.get(String(pk)) ?? [];
          places.set(String(pk), [...others, { name, place: Number(place) }]);
        }
      }),
    );
    return places;
  }

  /** The collections that a search is about, ready to be asked. */
  async function within({ version, from, before }: MessageSearch, signal: AbortSignal): Promise<string[]> {
    const some = (await ofVersion(version.id, signal)).filter((one) => holds(one, from, before));
    return await Promise.all(
      some.map(async ({ name }) => {
        await collections.ready(name, version, signal);
        return name;
      }),
    );
  }

  async function remove(name: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    await connection.call(signal, write_ms, (client, timeout) =>
      client.delete({ collection_name: name, filter: `pk in ${JSON.stringify(keys)}`, timeout }),
    );
  }

  const write: MessagesOf['putMessages'] = async (version, rows, signal) => {
    const incoming = earliest(rows);
    const places = await found(version, [...incoming.keys()], signal);
    const [winners, losers] = [new Map<string, Row[]>(), new Map<string, string[]>()];
    for (const [pk, message] of incoming) {
      const stored = (places.get(pk) ?? []).toSorted(
        (a, b) => a.place - b.place || (a.name < b.name ? -1 : 1),
      );
      const name = messagesName(prefix, version.id, message.occurred_at, history_before);
      const wins = !stored[0] || rank(message.place) < stored[0].place;
      if (wins) winners.set(name, [...(winners.get(name) ?? []), rowOf(pk, message)]);
      const home = wins ? name : stored[0]?.name;
      for (const other of stored.filter((one) => one.name !== home)) {
        losers.set(other.name, [...(losers.get(other.name) ?? []), pk]);
      }
    }
    await Promise.all(
      [...winners].map(async ([name, rows]) => {
        await collections.make(name, version, messageFields(version.dimension), signal);
        await upsertRows(connection, { name, rows, limit_ms: write_ms }, signal);
      }),
    );
    // Last, so that what stops in between leaves a row too many, which the batch removes when it comes again.
    await Promise.all([...losers].map(([name, keys]) => remove(name, keys, signal)));
  };

  /** The vectors of these keys, null where there is none, those of the newest months looked for first. */
  async function vectorsOf(
    version: EmbeddingVersion,
    keys: readonly string[],
    limit_ms: number,
    signal: AbortSignal,
  ): Promise<(Float32Array | null)[]> {
    signal.throwIfAborted();
    const vectors = new Map<string, Float32Array>();
    const read = async (some: readonly Named[]) => {
      const missing = [...new Set(keys)].filter((key) => !vectors.has(key));
      if (missing.length === 0) return;
      const asked = { keys: missing, fields: ['vector'], limit_ms };
      await Promise.all(
        some.map(async ({ name }) => {
          await collections.ready(name, version, signal);
          for (const { pk, vector } of await fetchRows(connection, { name, ...asked }, signal))
            vectors.set(String(pk), Float32Array.from(vector as number[]));
        }),
      );
    };
    await collections.using(async () => {
      // A history's name says "before", a month's "in", so that histories come last.
      const names = (await ofVersion(version.id, signal)).sort((a, b) => (a.name < b.name ? 1 : -1));
      await read(names.slice(0, NEWEST));
      await read(names.slice(NEWEST));
    });
    return keys.map((key) => vectors.get(key) ?? null);
  }

  return {
    async putMessages(version, rows, signal) {
      signal.throwIfAborted();
      checkWidth(
        version,
        rows.map(({ vector }) => vector),
      );
      if (rows.length === 0) return;
      const partitions = rows.map(({ place }) => place.partition);
      await inLanes(partitions, () =>
        collections.using(async () => {
          await write(version, rows, signal);
          await forgetting.afterPutting(rows, signal);
        }),
      );
    },

    async forget(people, signal) {
      signal.throwIfAborted();
      await collections.using(() => forgetting.forget(people, signal));
    },

    async nearestMessages(search, signal) {
      const { version, vectors, k } = search;
      signal.throwIfAborted();
      checkWidth(version, vectors);
      if (vectors.length === 0) return [];
      const asked = { vectors, k, filter: filterOf(search), fields: HIT_FIELDS };
      const found = await collections.using(async () => {
        const names = await within(search, signal);
        return await Promise.all(names.map((name) => searchRows(store, { name, ...asked }, signal)));
      });
      return vectors.map((_, at) =>
        hitsOf(
          found.flatMap((lists) => lists[at] ?? []),
          k,
        ),
      );
    },

    async messagesExactly(search, scan, signal) {
      const { version, vectors, k } = search;
      signal.throwIfAborted();
      checkWidth(version, vectors);
      if (vectors.length === 0) return [];
      const asked = { vectors, k, filter: filterOf(search), fields: HIT_FIELDS };
      const lists = await collections.using(async () =>
        scanRows(store, { names: await within(search, signal), ...asked }, scan, signal),
      );
      return lists.map((rows) => hitsOf(rows, k));
    },

    async messagesOf(person, most, signal) {
      signal.throwIfAborted();
      return await collections.using(() => keptOf(store, person, most, signal));
    },

    async dropBefore(old, signal) {
      signal.throwIfAborted();
      return await collections.using(() => dropOldCollections(store, old, signal));
    },

    async messages(version, tenant_id, user_id, message_ids, signal) {
      const keys = message_ids.map((message_id) => keyOf(tenant_id, user_id, message_id));
      return await vectorsOf(version, keys, search_ms, signal);
    },

    async messagesOfMany(version, tenant_id, messages, signal) {
      const keys = messages.map(({ user_id, message_id }) => keyOf(tenant_id, user_id, message_id));
      return await vectorsOf(version, keys, write_ms, signal);
    },
  };
}
