import { describe, expect, onTestFinished, test } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openHttpEmbedder } from '#backing/embedder/http.ts';
import { learnEmbedder } from '#backing/embedder/learnt/learn.ts';
import { plainCorpus } from '../backing/embedder/corpus.ts';
import { embeddingsServer } from '../support/embeddings-server.ts';
import { embedderContract } from './embedder.contract.ts';

embedderContract({ name: 'hashing', open: async () => hashingEmbedder });

for (const encoding of ['base64', 'float'] as const) {
  embedderContract({
    name: `HTTP, vectors as ${encoding}`,
    async open() {
      const { url, dimension } = await embeddingsServer();
      const model = { model: 'hashing', digest: 'v1', dimension };
      const embedder = await openHttpEmbedder({ url, ...model, encoding, report: () => {} });
      onTestFinished(() => embedder.close());
      return embedder;
    },
  });
}

describe('the hashing embedder', () => {
  const { signal } = new AbortController();

  test('makes the vectors it always made: another recipe is another version', async () => {
    const [vector] = await hashingEmbedder.embed(['My WiFi drops after suspend: dmesg?'], signal);
    const largest = [...(vector ?? [])]
      .map((x, place) => ({ place, x: Math.round(x * 1e6) / 1e6 }))
      .sort((a, b) => Math.abs(b.x) - Math.abs(a.x) || a.place - b.place)
      .slice(0, 6);
    expect({ digest: hashingEmbedder.version.digest, largest }).toMatchInlineSnapshot(`
      {
        "digest": "631b456e2e1ef6333e0d1b36e1a6d056e2c60f933f520e4059eae2054633c2b3",
        "largest": [
          {
            "place": 120,
            "x": 0.475831,
          },
          {
            "place": 117,
            "x": 0.396526,
          },
          {
            "place": 122,
            "x": -0.396526,
          },
          {
            "place": 232,
            "x": 0.396526,
          },
          {
            "place": 11,
            "x": -0.15861,
          },
          {
            "place": 6,
            "x": 0.079305,
          },
        ],
      }
    `);
  });

  test('case, width and punctuation make no difference', async () => {
    const [plain, shouted, wide] = await hashingEmbedder.embed(
      ['wifi drops', 'WiFi, DROPS!', 'ｗｉｆｉ ｄｒｏｐｓ'],
      signal,
    );
    expect(shouted).toEqual(plain);
    expect(wide).toEqual(plain);
  });
});

const learnt = learnEmbedder(
  { texts: plainCorpus(), names: new Set(), seed: 1 },
  new AbortController().signal,
);

embedderContract({
  name: 'learnt',
  async open() {
    const embedder = await learnt;
    if (!embedder) throw new Error('Nothing was learnt');
    return embedder;
  },
});
