import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import { expect, it, onTestFinished } from 'vitest';
import { probesApp } from '#backing/http/probes.ts';
import { serveApp } from '#backing/http/serve.ts';
import { signedApp } from '#backing/http/signed.ts';
import { importKeys, sign } from '#contract/signature.ts';

const keys = await importKeys([{ id: 'k', secret: Buffer.alloc(32, 1).toString('base64url') }]);
const local = { hostname: '127.0.0.1', port: 0 };

async function serve(app: Hono<never> | Parameters<typeof serveApp>[0]) {
  const served = await serveApp(app as Parameters<typeof serveApp>[0], local);
  onTestFinished(() => served.close());
  return served;
}

async function answerOf(sent: ClientRequest) {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Headers that sign a POST; its body may still be to come. */
async function signedHeaders(url: URL, body: Uint8Array<ArrayBuffer>, deadline_ms = 60_000) {
  const caller = { tenant_id: 'acme', subject: null, scopes: [] };
  return Object.fromEntries(
    await sign({ method: 'POST', url, caller, deadline_ms, body }, keys[0] as never, Date.now()),
  );
}

it('a port that is taken, or an address that is not ours, is a sentence that says what to do', async () => {
  const { url } = await serve(new Hono());
  const port = Number(new URL(url).port);
  await expect(serveApp(new Hono(), { ...local, port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port`,
  );
  await expect(serveApp(new Hono(), { hostname: '203.0.113.1', port: 0 })).rejects.toThrow(
    '203.0.113.1 is no address of this machine',
  );
});

it('closing refuses new requests, and waits for those at hand', async () => {
  const [arrived, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const app = new Hono().get('/slow', async (c) => {
    arrived.resolve();
    await mayAnswer.promise;
    return c.text('done');
  });
  const { url, close } = await serve(app);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const slow = answerOf(request(`${url}/slow`, { agent }).end());
  await arrived.promise;

  let closed = false;
  const closing = close().then(() => {
    closed = true;
  });
  await expect(answerOf(request(`${url}/slow`).end())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(closed).toBe(false);
  mayAnswer.resolve();
  expect(await slow).toMatchObject({ status: 200, body: 'done', headers: { connection: 'close' } });
  await closing;
});

it('closing closes connections that are idle', async () => {
  const { url, close } = await serve(new Hono().get('/', (c) => c.text('hi')));
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  expect((await answerOf(request(url, { agent }).end())).status).toBe(200);
  await close();
  await close();
});

it('closing waits for an answer that has begun, then closes its connection, though that was to be kept', async () => {
  const mayEnd = Promise.withResolvers<void>();
  const app = new Hono().get('/', (c) =>
    stream(c, async (out) => {
      await out.write('begun, ');
      await mayEnd.promise;
      await out.write('ended');
    }),
  );
  const { url, close } = await serveApp(app, { ...local, grace_ms: 600_000 });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const [response] = (await once(request(url, { agent }).end(), 'response')) as [IncomingMessage];
  const closing = close();
  mayEnd.resolve();
  expect(await text(response)).toBe('begun, ended');
  await closing;
});

it('what is still at hand after the grace is cut off', async () => {
  const arrived = Promise.withResolvers<void>();
  const app = new Hono().get('/stuck', () => {
    arrived.resolve();
    return new Promise<Response>(() => {});
  });
  const { url, close } = await serveApp(app, { ...local, grace_ms: 1 });
  const stuck = answerOf(request(`${url}/stuck`).end());
  const cut = expect(stuck).rejects.toMatchObject({ code: 'ECONNRESET' });
  await arrived.promise;
  await close();
  await cut;
});

it('a body without a declared length is refused once it is past the limit, not when it ends', async () => {
  const app = signedApp({ keys, clock: Date.now, max_body_bytes: 100_000 }).post('/', (c) => c.text('read'));
  const { url } = await serve(app);
  const sent = request(url, {
    method: 'POST',
    headers: await signedHeaders(new URL(url), new Uint8Array(1)),
  });
  sent.on('error', () => {});
  sent.write(new Uint8Array(100_001));
  expect((await answerOf(sent)).status).toBe(413);
  sent.destroy();
});

it('a body that stalls is given up at the deadline', async () => {
  const app = signedApp({ keys, clock: Date.now, max_body_bytes: 100_000 }).post('/', (c) => c.text('read'));
  const { url } = await serve(app);
  const sent = request(url, {
    method: 'POST',
    headers: await signedHeaders(new URL(url), new Uint8Array(1), 1),
  });
  sent.on('error', () => {});
  sent.write(new Uint8Array(10));
  expect((await answerOf(sent)).status).toBe(504);
  sent.destroy();
});

it('the signal aborts when the client leaves', async () => {
  const [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  const reports: object[] = [];
  const app = signedApp({
    keys,
    clock: Date.now,
    max_body_bytes: 100,
    report: (line) => reports.push(line),
  }).post('/', async (c) => {
    const { signal } = c.var;
    arrived.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    left.resolve(signal.reason);
    throw new Error('nobody will read this');
  });
  const { url } = await serve(app);
  const sent = request(url, {
    method: 'POST',
    headers: await signedHeaders(new URL(url), new Uint8Array(3)),
  });
  sent.on('error', () => {});
  sent.end(new Uint8Array(3));
  await arrived.promise;
  sent.destroy();
  expect(await left.promise).toMatchObject({ message: 'The client left' });
  expect(reports).toEqual([]);
});

it('what a signed route is handed: who asks, the deadline, and the bytes as they came', async () => {
  const app = signedApp({ keys, clock: Date.now, max_body_bytes: 100 }).post('/x', (c) => {
    const { caller, deadline_ms, body, signal } = c.var;
    return c.json({ caller, deadline_ms, body: [...body], aborted: signal.aborted });
  });
  const { url } = await serve(app);
  const target = new URL('/x?a=%20b', url);
  const sent = request(target, {
    method: 'POST',
    headers: await signedHeaders(target, new Uint8Array([1, 2, 3])),
  });
  const { body } = await answerOf(sent.end(new Uint8Array([1, 2, 3])));
  expect(JSON.parse(body)).toEqual({
    caller: { tenant_id: 'acme', subject: null, scopes: [] },
    deadline_ms: 60_000,
    body: [1, 2, 3],
    aborted: false,
  });
});

it('livez answers while the process does, readyz while it should be asked', async () => {
  let ready = false;
  const app = probesApp({ ready: () => ready });
  expect([(await app.request('/livez')).status, (await app.request('/readyz')).status]).toEqual([200, 503]);
  ready = true;
  expect((await app.request('/readyz')).status).toBe(200);
});
