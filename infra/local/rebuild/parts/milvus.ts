import type { Report } from '#backing/http/report.ts';
import { type MilvusSettings, milvusAddressOf } from '#backing/open/vectors.ts';
import { connect } from '#backing/vectors/milvus/connection.ts';
import { forgottenName, parseName } from '#backing/vectors/milvus/names.ts';
import { versionSuffix } from '#contract/topics.ts';

/** Milvus Lite takes minutes over a collection of some 200,000. */
const DROP_MS = 300_000;
const CONNECT_MS = 5_000;

/** Drops a version's collections, and those of no other, whose names may begin alike. */
export async function dropCollections(
  read: MilvusSettings,
  version: number,
  { report }: { report: Report },
): Promise<void> {
  const { signal } = new AbortController();
  const prefix = `${read.MILVUS_PREFIX}${versionSuffix(version)}`;
  const connection = await connect(milvusAddressOf(read), { report, connect_ms: CONNECT_MS });
  try {
    const { data } = await connection.call(signal, DROP_MS, (client, timeout) =>
      client.showCollections({ timeout }),
    );
    for (const { name } of data) {
      if (!parseName(prefix, name) && name !== forgottenName(prefix)) continue;
      await connection.call(signal, DROP_MS, (client, timeout) =>
        client.dropCollection({ collection_name: name, timeout }),
      );
    }
  } finally {
    await connection.close();
  }
}
