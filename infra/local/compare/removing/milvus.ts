import { type MilvusSettings, milvusAddressOf } from '#backing/open/vectors.ts';
import { type Connection, connect } from '#backing/vectors/milvus/connection.ts';
import type { NamesOf, Remove } from './remove.ts';

/** Milvus Lite takes minutes over a collection of some 200,000. */
const DROP_MS = 300_000;
const CONNECT_MS = 5_000;
const { signal } = new AbortController();

async function connected<Value>(
  ...[settings, { report }, work]: [...Parameters<Remove>, (connection: Connection) => Promise<Value>]
): Promise<Value> {
  const address = milvusAddressOf(settings as MilvusSettings);
  const connection = await connect(address, { report, connect_ms: CONNECT_MS });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function listed(connection: Connection): Promise<string[]> {
  const { data } = await connection.call(signal, DROP_MS, (client) => client.showCollections());
  return data.map(({ name }) => name);
}

export const collectionNames: NamesOf = (settings, means) => connected(settings, means, listed);

export const removeCollections: Remove = (settings, means) =>
  connected(settings, means, async (connection) => {
    const { MILVUS_PREFIX } = settings as MilvusSettings;
    for (const name of await listed(connection)) {
      if (!name.startsWith(MILVUS_PREFIX)) continue;
      await connection.call(signal, DROP_MS, (client, timeout) =>
        client.dropCollection({ collection_name: name, timeout }),
      );
    }
  });
