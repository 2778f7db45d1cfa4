import { openStores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { importKeys, type SigningKey } from '#contract/signature.ts';
import { startOrigin } from '../../../origin/start.ts';
import { tellParent } from './child.ts';

/** An origin over a filled folder. With `cold` no answer is found kept, so that each is made anew. */
const [folder, key, mode] = process.argv.slice(2) as [string, string, 'kept' | 'cold'];

const stores = openStores({ path: (name) => `${folder}/${name}`, clock: Date.now });
const cold: typeof stores.answers = {
  ...stores.answers,
  get: async (owner, name, signal) => ({ ...(await stores.answers.get(owner, name, signal)), answer: null }),
};
const origin = await startOrigin({
  ...stores,
  answers: mode === 'cold' ? cold : stores.answers,
  embedders: embeddersOf(hashingEmbedder),
  keys: await importKeys([JSON.parse(key) as SigningKey]),
  clock: Date.now,
  hostname: '127.0.0.1',
  port: 0,
});
tellParent(origin.url);
process.on('SIGTERM', async () => {
  await origin.close();
  stores.close();
  process.exit(0);
});
