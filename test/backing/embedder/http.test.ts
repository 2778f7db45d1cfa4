import { expect, onTestFinished, test, vi } from 'vitest';
import { openHttpEmbedder } from '#backing/embedder/http.ts';
import { embeddingsServer, type Fault, saying, status } from '../../support/embeddings-server.ts';

const { signal } = new AbortController();
const KEY = 'sk-of-nobody-else';
type Settings = Parameters<typeof openHttpEmbedder>[0];

const MODEL = { model: 'hashing', digest: 'v1', api_key: KEY, base_ms: 1 };

/** An embedder before a server of its own, once it has proved itself; what was asked until then is forgotten. */
async function opened(settings: Partial<Settings> = {}) {
  const server = await embeddingsServer();
  const reports: unknown[] = [];
  const embedder = await openHttpEmbedder({
    ...MODEL,
    ...server,
    report: (line) => reports.push(line),
    ...settings,
  });
  onTestFinished(() => embedder.close());
  server.asked.length = 0;
  return { ...server, embedder, reports };
}

/** Keeps a request until it is told to go on. */
function holding() {
  const held: (() => void)[] = [];
  const fault: Fault = (response) => void held.push(() => response.writeHead(503).end());
  return { fault, held };
}

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => expect.fail('It should have failed'),
    (thrown: unknown) => thrown as Error & { code: string; retryable: boolean },
  );
  return error;
};

/** All that an operator could come to see of an error. */
const shown = (error: unknown): string =>
  error instanceof Error
    ? [error.message, error.stack, JSON.stringify(error), shown(error.cause)].join('\n')
    : String(error);

test('a text is asked for once: beside itself, while it is on its way, and afterwards', async () => {
  const { embedder, asked } = await opened();
  const [[a, b], [c]] = await Promise.all([
    embedder.embed(['wifi', 'wifi'], signal),
    embedder.embed(['wifi'], signal),
  ]);
  const [d] = await embedder.embed(['wifi'], signal);
  expect([b, c, d]).toEqual([a, a, a]);
  expect(asked.map(({ texts }) => texts)).toEqual([['wifi']]);
});

test('nobody can spoil what is kept by writing into what they were given', async () => {
  const { embedder } = await opened();
  const [[first], [second]] = [
    await embedder.embed(['wifi'], signal),
    await embedder.embed(['wifi'], signal),
  ];
  second?.fill(7);
  expect(await embedder.embed(['wifi'], signal)).toEqual([first]);
});

test('small calls of one moment are one request, and no request holds more than it may', async () => {
  const { embedder, asked } = await opened({ batch_texts: 4, batch_bytes: 20 });
  await Promise.all(['a', 'b', 'c'].map((text) => embedder.embed([text], signal)));
  expect(asked.map(({ texts }) => texts)).toEqual([['a', 'b', 'c']]);
  asked.length = 0;
  await embedder.embed(['d', 'e', 'f', 'g', 'h', 'x'.repeat(15), 'y'.repeat(15), 'z'.repeat(50)], signal);
  expect(asked.map(({ texts }) => texts.length)).toEqual([4, 2, 1, 1]);
});

test('no more requests are under way than may be', async () => {
  const { embedder, asked, faults } = await opened({ batch_texts: 1, concurrency: 3 });
  const { fault, held } = holding();
  faults.push(fault, fault, fault);
  const all = embedder.embed(['1', '2', '3', '4', '5', '6'], signal);
  await vi.waitFor(() => expect(held).toHaveLength(3));
  expect(asked).toHaveLength(3);
  for (const release of held) release();
  expect(await all).toHaveLength(6);
});

test('what would wait behind too much is refused at once, as something to try again', async () => {
  const { embedder, faults } = await opened({ batch_texts: 1, concurrency: 1, waiting_bytes: 100 });
  const { fault, held } = holding();
  faults.push(fault);
  const first = embedder.embed(['first'], signal);
  await vi.waitFor(() => expect(held).toHaveLength(1));
  const second = embedder.embed(['x'.repeat(90)], signal);
  const refused = await failure(embedder.embed(['y'.repeat(11)], signal));
  expect(refused).toMatchObject({ code: 'embedder_overloaded', retryable: true });
  const joining = embedder.embed(['x'.repeat(90)], signal);
  held[0]?.();
  expect(await Promise.all([first, second, joining])).toHaveLength(3);
});

test.each([
  ['too many requests', status(429)],
  ['no room', status(503)],
  ['an error of the server', status(500)],
  ['a connection that is cut before the answer', (response) => response.socket?.resetAndDestroy()],
  [
    'a connection that is cut in the middle of the answer',
    (response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('{"data":', () => response.socket?.resetAndDestroy());
    },
  ],
  ['garbage', saying('<html>Bad gateway</html>')],
  ['an answer of another form', saying('{"data":[{"vector":[1]}]}')],
  ['fewer vectors than texts', saying('{"data":[]}')],
  ['an index of no text', saying('{"data":[{"index":1,"embedding":[1]}]}')],
  ['another dimension', saying('{"data":[{"index":0,"embedding":[1,2,3]}]}')],
  [
    'numbers that are not finite',
    (response, { texts }) => {
      const embedding = Buffer.from(new Float32Array(256).fill(Number.NaN).buffer).toString('base64');
      saying(JSON.stringify({ data: texts.map((_, index) => ({ index, embedding })) }))(
        response,
        {} as never,
      );
    },
  ],
] as [string, Fault][])('after %s it is asked again, and told', async (_, fault) => {
  const { embedder, faults, asked, reports } = await opened();
  faults.push(fault);
  expect(await embedder.embed(['wifi'], signal)).toHaveLength(1);
  expect(asked).toHaveLength(2);
  expect(reports).toHaveLength(1);
});

test('what goes on failing fails with a code, after so many attempts', async () => {
  const { embedder, faults, asked } = await opened({ attempts: 3 });
  faults.push(...Array.from({ length: 3 }, () => status(500)));
  const error = await failure(embedder.embed(['wifi'], signal));
  expect(error).toMatchObject({ code: 'embedder_unavailable', retryable: true });
  expect(asked).toHaveLength(3);
});

test('a service that does not answer in time is given up on', async () => {
  const { embedder, faults, asked } = await opened({ attempts: 2, request_ms: 50 });
  faults.push(
    () => {},
    () => {},
  );
  expect(await failure(embedder.embed(['wifi'], signal))).toMatchObject({
    code: 'embedder_timeout',
    retryable: true,
  });
  expect(asked).toHaveLength(2);
});

test('it is left alone for as long as it asks, and not asked again where that is too long', async () => {
  const waits: unknown[] = [];
  const { embedder, faults, asked } = await opened({
    max_wait_ms: 1500,
    report: ({ wait_ms }) => waits.push(wait_ms),
  });
  faults.push(status(429, { 'Retry-After': '1' }));
  await embedder.embed(['wifi'], signal);
  expect(waits).toEqual([1000]);
  faults.push(status(503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }));
  expect(await failure(embedder.embed(['other'], signal))).toMatchObject({ code: 'embedder_overloaded' });
  expect(asked).toHaveLength(3);
});

test.each([401, 403, 404])('what is refused with %i is not asked again', async (code) => {
  const { embedder, faults, asked } = await opened();
  faults.push(status(code));
  expect(await failure(embedder.embed(['wifi'], signal))).toMatchObject({
    code: 'embedder_refused',
    retryable: false,
  });
  expect(asked).toHaveLength(1);
});

test('a text that is refused costs no other its vector', async () => {
  const { embedder, faults, asked } = await opened();
  const texts = ['a', 'b', 'refused', 'c', 'd'];
  const picky: Fault = (response, one) => {
    if (one.texts.includes('refused')) return status(413)(response, one);
    const embedding = Array.from({ length: 256 }, () => 1);
    saying(JSON.stringify({ data: one.texts.map((_, index) => ({ index, embedding })) }))(response, one);
  };
  faults.push(...Array.from({ length: 9 }, () => picky));
  const results = await Promise.allSettled(texts.map((text) => embedder.embed([text], signal)));
  expect(results.map((result) => result.status)).toEqual(
    texts.map((text) => (text === 'refused' ? 'rejected' : 'fulfilled')),
  );
  expect(asked.length).toBeLessThanOrEqual(9);
});

test('no error and no report tells the key or a text', async () => {
  const secret = 'my secret is 4711';
  const echo: Fault = (response, { texts, authorization }) =>
    status(400, {}, `no: ${texts} ${authorization}`)(response, {} as never);
  const garbage: Fault = (response, { texts, authorization }) =>
    saying(`${texts} ${authorization}`)(response, {} as never);
  for (const fault of [
    echo,
    garbage,
    status(500),
    (response: Parameters<Fault>[0]) => response.socket?.destroy(),
  ]) {
    const { embedder, faults, reports } = await opened({ attempts: 2 });
    faults.push(fault, fault);
    const told = shown(await failure(embedder.embed([secret], signal))) + JSON.stringify(reports);
    for (const word of [KEY, '4711']) expect(told).not.toContain(word);
  }
});

test('who gives up takes nothing from who wants the same, and what nobody wants any more is ended', async () => {
  const { embedder, faults, asked } = await opened({ concurrency: 1 });
  const { fault, held } = holding();
  faults.push(fault);
  const [impatient, patient] = [new AbortController(), new AbortController()];
  const [one, other] = [impatient, patient].map((who) => embedder.embed(['wifi'], who.signal));
  await vi.waitFor(() => expect(held).toHaveLength(1));
  impatient.abort(new Error('too slow'));
  await expect(one).rejects.toThrow('too slow');
  held[0]?.();
  expect(await other).toHaveLength(1);

  let closed = false;
  faults.push((response) => {
    response.on('close', () => {
      closed = true;
    });
  });
  asked.length = 0;
  const leaving = new AbortController();
  const left = embedder.embed(['printer'], leaving.signal);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const waiting = embedder.embed(['never sent'], leaving.signal);
  leaving.abort(new Error('gone'));
  await expect(Promise.all([left, waiting])).rejects.toThrow('gone');
  await vi.waitFor(() => expect(closed).toBe(true));
  expect(await embedder.embed(['scanner'], signal)).toHaveLength(1);
  expect(asked.map(({ texts }) => texts)).toEqual([['printer'], ['scanner']]);
});

test('a text that says nothing is not sent, and a long one only as far as was said', async () => {
  const { embedder, asked } = await opened({ max_characters: 8 });
  const [empty, blank] = await embedder.embed(['', ' \n\t '], signal);
  for (const vector of [empty, blank]) expect(vector?.every((x) => x === 0)).toBe(true);
  await embedder.embed(['wireless drops', '1234567🙂', 'a\ud83d'], signal);
  expect(asked.map(({ texts }) => texts)).toEqual([['wireless', '1234567', 'a\ufffd']]);
});

test('what is kept is bounded in bytes', async () => {
  const { embedder, asked } = await opened({ cache_bytes: 3 * (256 * 4 + 300) });
  const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`);
  await embedder.embed(texts, signal);
  asked.length = 0;
  await embedder.embed(['text 9'], signal);
  expect(asked).toEqual([]);
  await embedder.embed(['text 0'], signal);
  expect(asked).toHaveLength(1);
});

test('another model, digest, dimension or cut is another version', async () => {
  const { url, dimension } = await embeddingsServer();
  const version = async (settings: Partial<Settings>) => {
    const embedder = await openHttpEmbedder({ ...MODEL, url, dimension, report: () => {}, ...settings });
    onTestFinished(() => embedder.close());
    return embedder.version;
  };
  const versions = await Promise.all(
    [{}, { model: 'other' }, { digest: 'v2' }, { max_characters: 100 }].map(version),
  );
  expect(new Set(versions.map(({ id }) => id)).size).toBe(4);
  expect(new Set(versions.map(({ digest }) => digest)).size).toBe(4);
  expect(await version({ api_key: 'another', batch_texts: 2 })).toEqual(versions[0]);
});

test('it opens only before a service that makes vectors of the dimension, and says what to mend', async () => {
  const { url } = await embeddingsServer();
  const open = (settings: Partial<Settings>) =>
    failure(openHttpEmbedder({ ...MODEL, url, dimension: 256, attempts: 1, report: () => {}, ...settings }));
  expect((await open({ dimension: 384 })).message).toContain(
    '256 dimensions where EMBEDDINGS_DIMENSION says 384',
  );
  expect(await open({ url: 'http://127.0.0.1:9/v1' })).toMatchObject({ code: 'embedder_unavailable' });
  for (const wrong of ['nonsense', `https://user:${KEY}@host/v1`]) {
    const error = await open({ url: wrong });
    expect(error.code).toBe('embedder_refused');
    expect(shown(error)).not.toContain(KEY);
  }
});

test('the key is sent, and nowhere else than to the service', async () => {
  const { embedder, asked, faults, url } = await opened({ attempts: 1 });
  await embedder.embed(['wifi'], signal);
  expect(asked[0]).toMatchObject({ authorization: `Bearer ${KEY}`, model: 'hashing' });
  const elsewhere = await embeddingsServer();
  faults.push(status(307, { Location: `${elsewhere.url}/embeddings` }));
  expect(await failure(embedder.embed(['other'], signal))).toMatchObject({ code: 'embedder_unavailable' });
  expect(elsewhere.asked).toEqual([]);
  expect(url).not.toBe(elsewhere.url);
});

test('once it is closed, what was under way or waited has failed', async () => {
  const { embedder, faults, asked } = await opened({ concurrency: 1, batch_texts: 1 });
  faults.push(() => {});
  const all = [failure(embedder.embed(['one'], signal)), failure(embedder.embed(['two'], signal))];
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await embedder.close();
  for (const error of await Promise.all(all)) expect(error.code).toBe('embedder_unavailable');
});
