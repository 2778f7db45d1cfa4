import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openHttpEmbedder } from '#backing/embedder/http.ts';
import { embeddings } from '../../infra/services/embeddings.ts';
import { embedderContract } from '../ports/embedder.contract.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { onService } from './on-service.ts';
import { ownService } from './own-service.ts';

const { signal } = new AbortController();
type Settings = Parameters<typeof openHttpEmbedder>[0];

onService({ name: 'the embeddings service', variable: 'EMBEDDINGS_URL', up: 'embeddings' }, (url) => {
  async function open(settings: Partial<Settings> = {}) {
    const embedder = await openHttpEmbedder({
      url,
      model: process.env['EMBEDDINGS_MODEL'] ?? '',
      dimension: Number(process.env['EMBEDDINGS_DIMENSION']),
      digest: process.env['EMBEDDINGS_DIGEST'] ?? '',
      api_key: process.env['EMBEDDINGS_API_KEY'],
      base_ms: 20,
      report: () => {},
      ...settings,
    });
    onTestFinished(() => embedder.close());
    return embedder;
  }

  async function throughProxy() {
    const { hostname, port, pathname } = new URL(url);
    const proxy = await faultProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    return { proxy, through: `http://127.0.0.1:${proxy.port}${pathname}` };
  }

  embedderContract({ name: 'HTTP, a sentence model', open });
  embedderContract({
    name: 'HTTP, a sentence model, vectors as lists',
    open: () => open({ encoding: 'float' }),
  });

  describe('the embedder over HTTP', () => {
    test('vectors are the same to the last bit, however they are asked for', async () => {
      const texts = ['my wifi drops after suspend', 'how do I print a photo'];
      const [packed, listed] = [await open(), await open({ encoding: 'float' })];
      const [ones, others] = [await packed.embed(texts, signal), await listed.embed(texts, signal)];
      expect(packed.version).toEqual(listed.version);
      expect(ones).toEqual(others);
    });

    test('many callers at once each get the vectors of their own texts', async () => {
      const embedder = await open({ batch_texts: 7 });
      const texts = Array.from({ length: 60 }, (_, i) => `question ${i % 40} about number ${i % 40}`);
      const alone = await Promise.all(texts.map(async (text) => (await embedder.embed([text], signal))[0]));
      const together = await (await open()).embed(texts, signal);
      together.forEach((vector, at) => {
        const other = alone[at] as Float32Array;
        expect(vector.reduce((sum, x, i) => sum + x * (other[i] as number), 0)).toBeGreaterThan(0.99999);
      });
    });

    test('a model that the service has not is refused when it is opened', async () => {
      await expect(open({ model: 'no-such-model' })).rejects.toMatchObject({
        code: 'embedder_refused',
        retryable: false,
      });
    });

    test('a connection cut in the middle of a request: it is asked again by another', async () => {
      const { proxy, through } = await throughProxy();
      const reports: unknown[] = [];
      const embedder = await open({ url: through, report: (line) => reports.push(line) });
      proxy.blackHole();
      const asked = embedder.embed(['wifi drops'], signal);
      const cut = setInterval(() => proxy.cut(), 20);
      onTestFinished(() => clearInterval(cut));
      await vi.waitFor(() => expect(reports.length).toBeGreaterThan(0));
      clearInterval(cut);
      proxy.heal();
      expect(await asked).toHaveLength(1);
    });

    test('a service that is slow, or silent, fails in time, and serves again once it is well', async () => {
      const { proxy, through } = await throughProxy();
      const embedder = await open({ url: through, attempts: 1, request_ms: 5_000 });
      proxy.delay(50);
      expect(await embedder.embed(['slow'], signal)).toHaveLength(1);
      proxy.heal();
      proxy.blackHole();
      const deadline = AbortSignal.timeout(100);
      await expect(embedder.embed(['silent'], deadline)).rejects.toMatchObject({ name: 'TimeoutError' });
      proxy.heal();
      expect(await embedder.embed(['silent'], signal)).toHaveLength(1);
    });
  });

  test('a server that is killed and started again: calls fail with a code, then serve', async ({ skip }) => {
    const server = await ownService(embeddings, skip);
    const embedder = await open({ url: server.env['EMBEDDINGS_URL'] as string, attempts: 2 });
    const texts = Array.from({ length: 200 }, (_, i) => `${'a long question about wifi '.repeat(8)} ${i}`);
    const under_way = embedder.embed(texts, signal);
    await server.end();
    const failed = { code: 'embedder_unavailable', retryable: true };
    await expect(under_way).rejects.toMatchObject(failed);
    await expect(embedder.embed(['wifi'], signal)).rejects.toMatchObject(failed);
    await server.start();
    expect(await embedder.embed([...texts.slice(0, 5), 'wifi'], signal)).toHaveLength(6);
  });
});
