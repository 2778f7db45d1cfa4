import { expect, onTestFinished, test, vi } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { openHttpEmbedder } from '#backing/embedder/http.ts';
import { embeddingsServer } from '../support/embeddings-server.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { openWorld, said, topicsOfTalk } from './world.ts';

test.each<[string, (proxy: FaultProxy) => void]>([
  ['slow', (proxy) => proxy.delay(10_000)],
  ['black-holed', (proxy) => proxy.blackHole()],
  ['reset', (proxy) => proxy.refuse()],
  ['answering garbage', (proxy) => proxy.garbage()],
])(
  'while the embedder is %s, stored vectors are used, and what is being said now is left out and named',
  async (_, fault) => {
    const server = await embeddingsServer();
    const address = new URL(server.url);
    const proxy = await faultProxy({ host: address.hostname, port: Number(address.port) });
    onTestFinished(() => proxy.close());
    address.port = String(proxy.port);
    const embedder = await openHttpEmbedder({
      ...{ ...server, url: address.href, model: 'hashing', digest: 'v1', api_key: 'k', base_ms: 1 },
      report: () => {},
    });
    onTestFinished(() => embedder.close());
    const world = await openWorld('acme', { embedders: embeddersOf(embedder), clock: Date.now });
    await world.campaigns(...topicsOfTalk);
    await world.events([said('ada', 'the wifi signal drops, is it the wireless driver?')]);
    const ask = async (context: string) => {
      const { degraded, items } = await world.ask({ context });
      const sources = items.flatMap(({ reasons }) => reasons.map(({ source }) => source));
      return { degraded, sources };
    };
    expect(await ask('copies of photos')).toMatchObject({
      degraded: [],
      sources: expect.arrayContaining(['fitting_context']),
    });
    fault(proxy);
    const { degraded, sources } = await ask('paper jams');
    expect(degraded).toEqual(['embedder']);
    expect(sources).toContain('nearest_campaigns');
    expect(sources).not.toContain('fitting_context');
    proxy.heal();
    await vi.waitFor(async () => expect((await ask('strategy games')).degraded).toEqual([]), {
      timeout: 10_000,
    });
  },
);
