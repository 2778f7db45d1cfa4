import { Redis, type Result } from 'ioredis';
import { type ApiKey, BELIEVED_MS, keyCopyKey, packKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { redisAddress } from '../answers/redis-address.ts';
import { errorFields, type Report } from '../http/report.ts';
import type { ApiKeys } from './port.ts';

/** KEYS: the copy. ARGV: the copy, when it was read, how long it lives. Keeps it unless one that was read later is kept. */
const COPY = `
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+') or '0') > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    copyKey(key: string, copy: string, read_ms: number, lives_ms: number): Result<number, Context>;
  }
}

export type CopiedKeysOptions = {
  keys: ApiKeys;
  /** `redis://` or `rediss://` (TLS), with user and password where there are any. */
  url: string;
  /** Instead of that of the address. */
  password?: string | undefined;
  /** The authority of its certificate, in PEM. */
  ca?: string | undefined;
  clock: Clock;
  report: Report;
  command_ms?: number;
  connect_ms?: number;
};

/**
 * API keys with a copy in Redis of each that was lately read or changed, for the edge to read. A copy is no
 * more than a shortcut: it is stamped with the moment before it was read, nobody believes it for longer than
 * BELIEVED_MS, and without Redis all goes on but slower. Never rejects for Redis, and opens without it.
 */
export function openCopiedKeys(options: CopiedKeysOptions): ApiKeys & { close(): Promise<void> } {
  const { keys, clock, report, command_ms = 100, connect_ms = 2_000 } = options;
  const { url, tls } = redisAddress(options);
  const redis = new Redis(url, {
    ...tls,
    protocol: 2,
    connectTimeout: connect_ms,
    commandTimeout: command_ms,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
    scripts: { copyKey: { lua: COPY, numberOfKeys: 1 } },
  });
  redis.on('error', (error) => {
    report({ level: 'warn', message: 'the connection to Redis failed', error: errorFields(error) });
  });

  async function copied<Key extends ApiKey | null>(key: Key, read_ms: number): Promise<Key> {
    if (!key) return key;
    try {
      await redis.copyKey(keyCopyKey(key.key_id), packKey({ key, read_ms }), read_ms, BELIEVED_MS);
    } catch {
      // Its cause names the command, and so the digest.
      report({ level: 'warn', message: 'an API key could not be copied to Redis', key_id: key.key_id });
    }
    return key;
  }

  return {
    add: (key, signal) => keys.add(key, signal),
    async get(key_id, signal) {
      const read_ms = clock();
      return copied(await keys.get(key_id, signal), read_ms);
    },
    of: (tenant_id, signal) => keys.of(tenant_id, signal),
    // What was changed is stamped past all that was read before, so that no such copy takes the place of this one.
    expire: async (...args) => copied(await keys.expire(...args), clock() + 1),
    revoke: async (...args) => copied(await keys.revoke(...args), clock() + 1),
    dump: () => keys.dump(),
    async close() {
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
