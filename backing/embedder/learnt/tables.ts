import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { errorFields, type Report } from '../../http/report.ts';
import { listAll, type Objects } from '../../objects/port.ts';
import { orAborted } from '../../or-aborted.ts';
import { type Embedder, type EmbeddingVersion, sameVersion } from '../port.ts';
import { decodeTable, encodeTable } from './artifact.ts';
import { learntEmbedder, learntVersion } from './embedder.ts';
import type { Table } from './table.ts';

const PREFIX = 'learnt/';
const KEY = /^learnt\/t_(?<tenant_id>[^/]+)\/(?<dimension>\d+)-(?<digest>[0-9a-f]{64})$/;
/** How often it is looked for new ones, and how long a look or a load may take. */
const [EVERY_MS, LOOK_MS, LOAD_MS] = [10_000, 5_000, 15_000];
/** By then every process knows of a table that was added, unless it cannot reach the objects. */
export const TABLES_NOTICED_MS = EVERY_MS + LOOK_MS;
/** Tables held at once; others are read again when they are needed. */
const HELD_BYTES = 256 * 1024 * 1024;

/** What tenants had learnt, each table an embedder of its tenant. */
export type LearntTables = {
  /** Those there were at the last look. */
  all(): readonly Embedder[];
  of(version: EmbeddingVersion): Embedder | null;
  /** Keeps a tenant's table for good, under a name that its content decides; the same again changes nothing. */
  add(tenant_id: string, table: Table, signal: AbortSignal): Promise<EmbeddingVersion>;
  /** Takes one away; it may be gone already. */
  remove(tenant_id: string, version: EmbeddingVersion, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

const keyOf = (tenant_id: string, { dimension, digest }: EmbeddingVersion) =>
  `${PREFIX}t_${tenant_id}/${dimension}-${digest}`;

/** A table was taken away, or is broken, and is known no more. Who asks again finds that it is not there. */
class TableGone extends Error {
  readonly code = 'table_gone';
  readonly retryable = true;
}

/** There is nowhere to keep a table. */
export class NoTables extends Error {
  readonly code = 'no_tables';
  readonly retryable = false;
  constructor() {
    super('Nothing keeps what is learnt: set LEARNT=s3 here and for views and origin, and start those anew');
  }
}

/** None, and nowhere to keep one: every tenant shares the configured embedders. */
export const noTables: LearntTables = {
  all: () => [],
  of: () => null,
  add: async () => {
    throw new NoTables();
  },
  remove: async () => {},
  close: async () => {},
};

/**
 * Follows the tables among objects. A table is read when its first text comes, once for all who wait; what it says is
 * checked against its digest. Rejects where the objects cannot be listed at first; later looks that fail are reported,
 * and those known go on.
 */
export async function openTables(
  objects: Objects,
  { report, every_ms = EVERY_MS }: { report: Report; every_ms?: number },
): Promise<LearntTables> {
  const closing = new AbortController();
  const held = new LRUCache<string, Embedder>({ maxSize: HELD_BYTES });
  const flights = new Map<string, Promise<Embedder>>();
  const unusable = new Set<string>();
  let known = new Map<string, Embedder>();

  /** One that is gone or broken is known no more, so that it holds up nobody else's vectors. */
  async function read(key: string, about: { tenant_id: string; digest: string }): Promise<Embedder> {
    const { tenant_id } = about;
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(LOAD_MS)]);
    const object = await objects.get(key, signal);
    try {
      if (!object) throw new TableGone(`What was learnt for ${tenant_id} (${key}) is gone`);
      const embedder = decodeTable(object.body, about);
      held.set(key, embedder, { size: object.body.byteLength });
      return embedder;
    } catch (error) {
      known.delete(key);
      if (error instanceof TableGone) throw error;
      unusable.add(key);
      const message =
        'What a tenant had learnt is broken: until it is learnt anew, no vectors of it are made';
      report({ level: 'error', message, tenant_id, error: errorFields(error) });
      throw new TableGone(`What was learnt for ${tenant_id} (${key}) is broken`, { cause: error });
    }
  }

  function load(key: string, about: { tenant_id: string; digest: string }): Promise<Embedder> {
    const flight = flights.get(key) ?? read(key, about).finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  function embedderOf(key: string): Embedder | null {
    const { tenant_id, dimension, digest } = KEY.exec(key)?.groups ?? {};
    if (!tenant_id || !dimension || !digest) return null;
    return {
      version: learntVersion(Number(dimension), digest),
      tenant_id,
      async embed(texts, signal) {
        signal.throwIfAborted();
        const loaded = held.get(key) ?? (await orAborted(load(key, { tenant_id, digest }), signal));
        return loaded.embed(texts, signal);
      },
    };
  }

  async function look(): Promise<void> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(LOOK_MS)]);
    const found = new Map<string, Embedder>();
    for await (const { key } of listAll(objects, PREFIX, signal)) {
      const embedder = known.get(key) ?? embedderOf(key);
      if (embedder && !unusable.has(key)) found.set(key, embedder);
    }
    known = found;
  }

  /** One look at a time, so that none puts back what an earlier one saw. */
  function lookNext(): Promise<void> {
    looking = looking.catch(() => {}).then(look);
    return looking;
  }

  async function follow(): Promise<void> {
    for (let failing = false; !closing.signal.aborted; ) {
      await sleep(every_ms, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      if (closing.signal.aborted) return;
      try {
        await lookNext();
        failing = false;
      } catch (error) {
        const message = 'What tenants had learnt could not be listed: what was known goes on';
        if (!failing && !closing.signal.aborted)
          report({ level: 'warn', message, error: errorFields(error) });
        failing = true;
      }
    }
  }

  let looking = look();
  try {
    await looking;
  } catch (error) {
    await objects.close();
    throw error;
  }
  const following = follow();
  return {
    all: () => [...known.values()],
    of: (version) => known.values().find((embedder) => sameVersion(embedder.version, version)) ?? null,
    async add(tenant_id, table, signal) {
      const { version } = learntEmbedder(table, tenant_id);
      const key = keyOf(tenant_id, version);
      await objects.put(key, encodeTable(table, tenant_id), signal);
      unusable.delete(key);
      await lookNext();
      return version;
    },
    async remove(tenant_id, version, signal) {
      await objects.delete(keyOf(tenant_id, version), signal);
      await lookNext();
    },
    async close() {
      closing.abort();
      await following;
      await looking.catch(() => {});
      await objects.close();
    },
  };
}
