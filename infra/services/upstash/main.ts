import { Redis } from 'ioredis';
import * as v from 'valibot';
import { serveApp } from '#backing/http/serve.ts';
import { upstashApp } from './app.ts';

const COMMAND_MS = 5_000;

const text = v.pipe(v.string(), v.minLength(1));
const { HOST, PORT, TOKEN, REDIS_URL } = v.parse(
  v.object({ HOST: text, PORT: v.pipe(text, v.digits(), v.transform(Number)), TOKEN: text, REDIS_URL: text }),
  process.env,
);

const redis = new Redis(REDIS_URL, {
  protocol: 2,
  commandTimeout: COMMAND_MS,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  // What was under way when the connection broke may have been run: who asked decides, as with Upstash.
  autoResendUnfulfilledCommands: false,
});
redis.on('error', (error) => {
  console.error(
    `Redis at ${new URL(REDIS_URL).host} cannot be reached (${error.message}): npm run services -- up redis`,
  );
});

const served = await serveApp(upstashApp({ redis, token: TOKEN }), {
  hostname: HOST,
  port: PORT,
  grace_ms: 1_000,
});

process.once('SIGTERM', async () => {
  await served.close();
  redis.disconnect();
});
