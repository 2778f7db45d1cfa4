import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { aptInstall } from './apt.ts';
import { giveTo } from './give-to.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';

const SERVER = '/usr/bin/redis-server';

/** Debian's Redis 7. It keeps what it was told up to a second ago, should the machine itself fail. */
export const redis: Service = {
  name: 'redis',
  about: 'Redis 7',
  usual: true,
  ports: { main: 26379 },
  stopSignal: 'SIGTERM',

  async installed({ run }) {
    if (!existsSync(SERVER)) return null;
    return /v=([\d.]+)/.exec(await run(SERVER, ['--version']))?.[1] ?? null;
  },

  async install(place) {
    await aptInstall(place, ['redis-server']);
  },

  async start({ data, ports }) {
    giveTo(data, undefined);
    const settings = {
      bind: HOST,
      port: ports.main,
      dir: data,
      daemonize: 'no',
      appendonly: 'yes',
      appendfsync: 'everysec',
      save: '',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return { command: SERVER, args };
  },

  async ready({ main }, signal) {
    const client = new Redis(main, HOST, {
      lazyConnect: true,
      connectTimeout: 2_000,
      commandTimeout: 2_000,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => {});
    const end = () => client.disconnect();
    signal.addEventListener('abort', end, { once: true });
    try {
      await client.connect();
      // While it reads its file back it takes connections, and answers this with an error.
      await client.ping();
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  },

  env: ({ main }) => ({ REDIS_URL: `redis://${HOST}:${main}` }),
};
