import { join } from 'node:path';
import { redis } from './redis.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';

const TOKEN = 'edgewise-local';

/** Redis over REST, as Upstash serves it: a server of our own before the service `redis`, which has the data. */
export const upstash: Service = {
  name: 'upstash',
  about: 'the REST front of redis',
  usual: true,
  ports: { main: 27379 },
  stopSignal: 'SIGTERM',

  installed: async () => process.version.slice(1),
  install: async () => {},

  async start({ ports, portsOf }) {
    return {
      command: process.execPath,
      args: [join(import.meta.dirname, 'upstash/main.ts')],
      env: {
        HOST,
        PORT: String(ports.main),
        TOKEN,
        REDIS_URL: `redis://${HOST}:${portsOf(redis).main}`,
      },
    };
  },

  async ready({ main }, signal) {
    const answer = await fetch(`http://${HOST}:${main}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${TOKEN}` },
      body: '["PING"]',
      signal,
    });
    const text = await answer.text();
    if (text !== '{"result":"PONG"}') throw new Error(`Not an answer of Redis: ${text}`);
  },

  env: ({ main }) => ({
    UPSTASH_REDIS_REST_URL: `http://${HOST}:${main}`,
    UPSTASH_REDIS_REST_TOKEN: TOKEN,
  }),
};
