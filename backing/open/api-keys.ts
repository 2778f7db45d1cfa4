import { embeddedKeys, keysSchema } from '../keys/embedded.ts';
import type { ApiKeys } from '../keys/port.ts';
import { postgresKeys } from '../keys/postgres.ts';
import { openCopiedKeys } from '../keys/redis.ts';
import { reachPostgres } from '../postgres/reach.ts';
import { setting } from '../settings.ts';
import { type DatabaseOptions, openDatabase } from '../sqlite.ts';
import { type Closable, embedded, port, shared } from './port.ts';
import { postgresAddressOf, postgresSettings } from './relational.ts';

/** The embedded ones, in a file of their own: no log can bring them back. */
export function openApiKeys(
  file: string,
  synchronous: DatabaseOptions['synchronous'],
): ApiKeys & { close(): void } {
  const db = openDatabase(file, { synchronous, schema: keysSchema });
  return { ...embeddedKeys(db), close: () => db.close() };
}

const postgres = shared({
  settings: {
    ...postgresSettings,
    REDIS_URL: setting.redis_url,
    REDIS_PASSWORD: setting.redis_password,
    REDIS_CA: setting.redis_ca,
  },
  async open(read, { application, clock, report }): Promise<ApiKeys & Closable> {
    const opened = await reachPostgres({
      ...postgresAddressOf(read),
      schema: read.POSTGRES_SCHEMA,
      application_name: application,
      // Each key is looked up once in half a minute.
      connections: 2,
      report,
    });
    const keys = postgresKeys(opened);
    const copied = openCopiedKeys({
      keys,
      url: read.REDIS_URL,
      password: read.REDIS_PASSWORD,
      ca: read.REDIS_CA,
      clock,
      report,
    });
    const close = async () => {
      await copied.close();
      await opened.close();
    };
    return { ...copied, close };
  },
});

/** API keys, with a copy in Redis of those that are used, for the edge to read. */
export const apiKeys = port({
  variable: 'KEY_STORE',
  users: ['origin'],
  parts: {
    postgres,
    embedded: embedded({
      in_folder: true,
      open: ({ path }): ApiKeys & Closable => openApiKeys(path('control.db'), 'full'),
    }),
  },
});
