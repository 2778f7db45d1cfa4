import { expect, onTestFinished, test } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { embedderSettings, openEmbedders } from '#backing/embedder/open.ts';
import { embeddingsServer } from '../../support/embeddings-server.ts';

const SERVICE = {
  EMBEDDINGS_URL: 'http://127.0.0.1:9/v1',
  EMBEDDINGS_MODEL: 'hashing',
  EMBEDDINGS_DIMENSION: '256',
  EMBEDDINGS_DIGEST: 'v1',
};

async function opened(env: Record<string, string>) {
  const embedders = await openEmbedders(embedderSettings(env), () => {});
  onTestFinished(() => embedders.close());
  return embedders;
}

test('without a word of it there is hashing alone, whatever else is set', async () => {
  const { all, usual } = await opened(SERVICE);
  expect(all).toEqual([hashingEmbedder]);
  expect(usual).toEqual(hashingEmbedder.version);
});

test('several stand side by side, and the first is the usual one', async () => {
  const { url } = await embeddingsServer();
  const env = { ...SERVICE, EMBEDDINGS_URL: url, EMBEDDER: 'http, hashing' };
  const { all, usual, of } = await opened(env);
  expect(all.map(({ version }) => version.id)).toEqual([usual.id, 'hashing-256-v1']);
  expect(usual.id).toMatch(/^hashing-256-[0-9a-f]{8}$/);
  expect(of(hashingEmbedder.version)).toBe(hashingEmbedder);
  expect(of(usual)?.version).toEqual(usual);
});

test('one that cannot be reached is no start', async () => {
  const settings = embedderSettings({ ...SERVICE, EMBEDDER: 'hashing,http' });
  await expect(openEmbedders(settings, () => {})).rejects.toMatchObject({ code: 'embedder_unavailable' });
});

test('what is wrong is named by its variable, and the key is never told', () => {
  for (const EMBEDDER of ['hashings', 'http,http', 'hashing,'])
    expect(() => embedderSettings({ EMBEDDER })).toThrow('EMBEDDER should be');
  expect(() => embedderSettings({ EMBEDDER: 'http' })).toThrow(
    /EMBEDDINGS_URL.*EMBEDDINGS_MODEL.*EMBEDDINGS_DIMENSION.*EMBEDDINGS_DIGEST/,
  );
  const wrong = {
    EMBEDDINGS_URL: 'https://user:secret-1@host/v1',
    EMBEDDINGS_DIMENSION: '1',
    EMBEDDINGS_API_KEY: 'secret 2',
  };
  for (const [name, value] of Object.entries(wrong)) {
    const read = () => embedderSettings({ ...SERVICE, EMBEDDER: 'http', [name]: value });
    expect(read).toThrow(new RegExp(`${name} should be`));
    expect(read).not.toThrow(/secret/);
  }
});
