import { type MilvusSettings, milvusAddressOf } from '#backing/open/vectors.ts';
import { connect } from '#backing/vectors/milvus/connection.ts';
import type { Remove } from './remove.ts';

/** Milvus Lite takes minutes over a collection of some 200,000. */
const DROP_MS = 300_000;
const CONNECT_MS = 5_000;

export const removeCollections: Remove = async (settings, { report }) => {
  const read = settings as MilvusSettings;
  const { signal } = new AbortController();
  const connection = await connect(milvusAddressOf(read), { report, connect_ms: CONNECT_MS });
  try {
    const { data } = await connection.call(signal, DROP_MS, (client) => client.showCollections());
    for (const { name } of data) {
      if (!name.startsWith(read.MILVUS_PREFIX)) continue;
      await connection.call(signal, DROP_MS, (client, timeout) =>
        client.dropCollection({ collection_name: name, timeout }),
      );
    }
  } finally {
    await connection.close();
  }
};
