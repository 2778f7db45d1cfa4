import { createHash, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { Redis } from 'ioredis';
import { BadCommand, readCommand, readCommands, run, transact } from './commands.ts';
import { type Encoding, replyOf } from './reply.ts';

const MOST_BYTES = 10 * 1024 * 1024;

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * The REST API of Upstash before a Redis: `POST /` runs a command, `/pipeline` several, `/multi-exec` several as
 * one transaction. `Upstash-Encoding: base64` has strings in base64. Errors are JSON: `{"error"}`.
 */
export function upstashApp({ redis, token }: { redis: Redis; token: string }): Hono {
  const app = new Hono();
  const expected = digest(token);

  app.use(async (c, next) => {
    const given = /^Bearer (.+)$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? '';
    // Digests are of one length, as the comparison in constant time wants it.
    if (!timingSafeEqual(digest(given), expected)) {
      return c.json({ error: 'WRONGPASS invalid or missing auth token' }, 401);
    }
    return next();
  });
  app.use(bodyLimit({ maxSize: MOST_BYTES }));

  const encodingOf = (header: string | undefined): Encoding => (header === 'base64' ? 'base64' : 'utf8');

  app.post('/', async (c) => {
    const [outcome] = await run(redis, [readCommand(await c.req.json())]);
    const reply = replyOf(
      outcome as NonNullable<typeof outcome>,
      encodingOf(c.req.header('Upstash-Encoding')),
    );
    return c.json(reply, 'error' in reply ? 400 : 200);
  });

  app.post('/pipeline', async (c) => {
    const outcomes = await run(redis, readCommands(await c.req.json()));
    return c.json(outcomes.map((outcome) => replyOf(outcome, encodingOf(c.req.header('Upstash-Encoding')))));
  });

  app.post('/multi-exec', async (c) => {
    const outcomes = await transact(redis, readCommands(await c.req.json()));
    if (typeof outcomes === 'string') return c.json({ error: outcomes }, 400);
    return c.json(outcomes.map((outcome) => replyOf(outcome, encodingOf(c.req.header('Upstash-Encoding')))));
  });

  app.notFound((c) => c.json({ error: 'ERR there are POST /, /pipeline and /multi-exec' }, 404));
  app.onError((error, c) => {
    if (error instanceof BadCommand) return c.json({ error: error.message }, 400);
    if (error instanceof SyntaxError) return c.json({ error: 'ERR the body is not JSON' }, 400);
    if (error instanceof HTTPException) return c.json({ error: `ERR ${error.message}` }, error.status);
    console.error(error);
    return c.json({ error: 'ERR the front of Redis failed: its log tells why' }, 500);
  });
  return app;
}
