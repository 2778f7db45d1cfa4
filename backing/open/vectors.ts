import { type Read, setting } from '../settings.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { embeddedVectors, vectorsSchema } from '../vectors/embedded.ts';
import { milvusAccess } from '../vectors/milvus/access.ts';
import type { MilvusAddress } from '../vectors/milvus/connection.ts';
import { openMilvusVectors } from '../vectors/milvus.ts';
import type { Vectors } from '../vectors/port.ts';
import { type Closable, embedded, port, shared } from './port.ts';

/** The embedded ones, in a file of their own. */
export function openVectors(
  file: string,
  synchronous: DatabaseOptions['synchronous'],
): Vectors & { close(): void } {
  const db = openDatabase(file, { synchronous, schema: vectorsSchema });
  return { ...embeddedVectors(db), close: () => db.close() };
}

const milvusSettings = {
  MILVUS_ADDRESS: setting.milvus_address,
  MILVUS_USER: setting.milvus_user,
  MILVUS_PASSWORD: setting.milvus_password,
  MILVUS_TOKEN: setting.milvus_token,
  MILVUS_DATABASE: setting.milvus_database,
  MILVUS_CA: setting.milvus_ca,
  MILVUS_PREFIX: setting.milvus_prefix,
  MILVUS_HISTORY_BEFORE: setting.milvus_history_before,
} as const;
export type MilvusSettings = Read<typeof milvusSettings>;

/** The server's address, by what was read. */
export function milvusAddressOf(read: MilvusSettings): MilvusAddress {
  return milvusAccess({
    address: read.MILVUS_ADDRESS,
    user: read.MILVUS_USER,
    password: read.MILVUS_PASSWORD,
    token: read.MILVUS_TOKEN,
    database: read.MILVUS_DATABASE,
    ca: read.MILVUS_CA,
  });
}

const milvus = shared({
  settings: milvusSettings,
  check({ MILVUS_ADDRESS, MILVUS_USER, MILVUS_PASSWORD, MILVUS_TOKEN, MILVUS_CA }) {
    if (!MILVUS_USER !== !MILVUS_PASSWORD) return 'MILVUS_USER and MILVUS_PASSWORD come together';
    if (MILVUS_TOKEN && MILVUS_USER) return 'MILVUS_TOKEN stands instead of MILVUS_USER and MILVUS_PASSWORD';
    if (MILVUS_CA && !MILVUS_ADDRESS.startsWith('https://')) return 'MILVUS_CA needs an https:// address';
    return null;
  },
  open(read, { clock, report, suffix }): Promise<Vectors & Closable> {
    return openMilvusVectors({
      ...milvusAddressOf(read),
      prefix: `${read.MILVUS_PREFIX}${suffix}`,
      history_before: read.MILVUS_HISTORY_BEFORE,
      clock,
      report,
    });
  },
});

export const vectors = port({
  variable: 'VECTORS',
  view: 'embeddings',
  users: ['views', 'origin'],
  parts: {
    milvus,
    embedded: embedded({
      in_folder: true,
      open: ({ path, suffix }): Vectors & Closable => openVectors(path(`vectors${suffix}.db`), 'full'),
    }),
  },
});
