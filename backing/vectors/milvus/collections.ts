import { setTimeout as wait } from 'node:timers/promises';
import type { FieldType } from '@zilliz/milvus2-sdk-node';
import type { Clock } from '#contract/clock.ts';
import type { EmbeddingVersion } from '../../embedder/port.ts';
import { VersionMismatch } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Named, parseName } from './names.ts';
import { type IndexSettings, indexOf } from './schema.ts';
import { VectorsUnavailable } from './unavailable.ts';
import { within } from './within.ts';

export type CollectionsSettings = {
  connection: Connection;
  prefix: string;
  index: IndexSettings;
  /** How many physical partitions a collection's tenants are spread over. */
  partitions: number;
  /** How long a list of what there is stays true: another process adds a collection a month. */
  listing_ms: number;
  create_ms: number;
  clock: Clock;
};

export type Collections = {
  /** What there is, by name; it is asked for anew once it is older than `listing_ms`, or where `fresh`. */
  list(signal: AbortSignal, fresh?: boolean): Promise<Named[]>;
  /** Sees to it that a collection is there, is of the version, and is in the server's memory. Throws VersionMismatch. */
  make(name: string, version: EmbeddingVersion, fields: FieldType[], signal: AbortSignal): Promise<void>;
  /** The same for one that is there already; its version is checked where one is given, and returned. */
  ready(name: string, version: EmbeddingVersion | null, signal: AbortSignal): Promise<EmbeddingVersion>;
  /** Drops a collection; it may be gone already. */
  drop(name: string, signal: AbortSignal): Promise<void>;
  /**
   * Does what reads or writes collections; where one of them is gone, or no longer in memory, it is done once more
   * with nothing taken for known.
   */
  using<Value>(work: () => Promise<Value>): Promise<Value>;
};

const ASK_AGAIN_MS = 50;
/** Milvus Lite takes minutes over a collection of some 200,000. */
const DROP_MS = 300_000;
/** The property of a collection that says what its vectors are. */
const VERSION = 'edgewise.embedding_version';

function check(found: EmbeddingVersion, { id, dimension, digest }: EmbeddingVersion): void {
  if (found.id !== id || found.dimension !== dimension || found.digest !== digest)
    throw new VersionMismatch(
      `Embedding version ${id} of ${dimension} dimensions (${digest}) is stored as ${found.id} of ${found.dimension} (${found.digest})`,
    );
}

/** The collections of a prefix, made when they are first written to. */
export function collectionsOf(settings: CollectionsSettings): Collections {
  const { connection, prefix, index, partitions, listing_ms, create_ms, clock } = settings;
  const known = new Map<string, Promise<EmbeddingVersion>>();
  let listing: { names: Set<string>; until_ms: number } | null = null;

  async function exists(name: string, signal: AbortSignal): Promise<boolean> {
    const { value } = await connection.call(signal, create_ms, (client, timeout) =>
      client.hasCollection({ collection_name: name, timeout }),
    );
    return value === true;
  }

  /** Milvus takes a second creation for a failure; so a failure counts only where it is not there afterwards. */
  async function unlessThere(create: Promise<unknown>, there: () => Promise<boolean>): Promise<void> {
    try {
      await create;
    } catch (error) {
      if (!(await there().catch(() => false))) throw error;
    }
  }

  async function create(name: string, version: EmbeddingVersion, fields: FieldType[], signal: AbortSignal) {
    const { id, dimension, metric, digest } = version;
    const text = JSON.stringify({ id, dimension, metric, digest });
    await unlessThere(
      connection.call(signal, create_ms, (client, timeout) =>
        client.createCollection({
          collection_name: name,
          // milvus-lite keeps only the property; the description is what a person sees.
          description: text,
          properties: { [VERSION]: text },
          fields,
          num_partitions: partitions,
          // The SDK leaves out a Strong (it is 0) that a call asks for, and takes what is said here.
          consistency_level: 'Strong',
          timeout,
        }),
      ),
      () => exists(name, signal),
    );
  }

  async function hasIndex(name: string, signal: AbortSignal): Promise<boolean> {
    const { index_descriptions } = await connection.call(signal, create_ms, (client, timeout) =>
      client.describeIndex({ collection_name: name, field_name: 'vector', timeout }),
    );
    return index_descriptions.length > 0;
  }

  /** The server builds an index beside what is written, so creating it when there is nothing yet costs no write. */
  async function indexAndLoad(name: string, signal: AbortSignal): Promise<void> {
    if (!(await hasIndex(name, signal).catch(() => false))) {
      await unlessThere(
        connection.call(signal, create_ms, (client, timeout) =>
          client.createIndex({ ...indexOf(name, index), timeout }),
        ),
        () => hasIndex(name, signal),
      );
    }
    const loaded = async () => {
      const { state } = await connection.call(signal, create_ms, (client, timeout) =>
        client.getLoadState({ collection_name: name, timeout }),
      );
      return state === 'LoadStateLoaded';
    };
    if (await loaded()) return;
    await connection.call(signal, create_ms, (client, timeout) =>
      client.loadCollectionAsync({ collection_name: name, timeout }),
    );
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(create_ms)]);
    while (!(await loaded())) {
      if (deadline.aborted) signal.throwIfAborted();
      if (deadline.aborted)
        throw new VectorsUnavailable('vectors_timeout', `${name} is not in the server's memory yet`);
      await wait(ASK_AGAIN_MS);
    }
  }

  async function describe(name: string, signal: AbortSignal): Promise<EmbeddingVersion> {
    const { properties, schema } = await connection.call(signal, create_ms, (client, timeout) =>
      client.describeCollection({ collection_name: name, timeout }),
    );
    const text = properties.find(({ key }) => key === VERSION)?.value ?? schema.description;
    return JSON.parse(String(text)) as EmbeddingVersion;
  }

  /** Asked once for all who wait for it, so that no single caller's signal ends it. */
  function knownOr(name: string, find: (signal: AbortSignal) => Promise<EmbeddingVersion>) {
    const held = known.get(name);
    if (held) return held;
    const found = find(new AbortController().signal);
    known.set(name, found);
    found.catch(() => {
      if (known.get(name) === found) known.delete(name);
    });
    return found;
  }

  return {
    async list(signal, fresh = false) {
      if (!listing || fresh || clock() >= listing.until_ms) {
        const { data } = await connection.call(signal, create_ms, (client, timeout) =>
          client.showCollections({ timeout }),
        );
        listing = { names: new Set(data.map(({ name }) => name)), until_ms: clock() + listing_ms };
      }
      return [...listing.names].flatMap((name) => parseName(prefix, name) ?? []);
    },
    async make(name, version, fields, signal) {
      const made = knownOr(name, async (own) => {
        if (!(await exists(name, own))) await create(name, version, fields, own);
        await indexAndLoad(name, own);
        return await describe(name, own);
      });
      check(await within(signal, create_ms, made), version);
      listing?.names.add(name);
    },
    async ready(name, version, signal) {
      const found = await within(
        signal,
        create_ms,
        knownOr(name, async (own) => {
          const stored = await describe(name, own);
          await indexAndLoad(name, own);
          return stored;
        }),
      );
      if (version) check(found, version);
      return found;
    },
    async drop(name, signal) {
      const gone = connection.call(signal, DROP_MS, (client, timeout) =>
        client.dropCollection({ collection_name: name, timeout }),
      );
      await gone.catch(async (error) => {
        if (await exists(name, signal).catch(() => true)) throw error;
      });
      known.delete(name);
      listing = null;
    },
    async using(work) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof VectorsUnavailable) || error.code !== 'vectors_collection_missing')
          throw error;
        known.clear();
        listing = null;
        return await work();
      }
    },
  };
}
