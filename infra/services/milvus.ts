import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ErrorCode, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { complete, isComplete } from './completed.ts';
import { giveTo } from './give-to.ts';
import type { Place } from './place.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';
import { makeVenv } from './venv.ts';

const VERSION = '3.2.2';
const REQUIREMENTS = fileURLToPath(new URL('milvus-requirements.txt', import.meta.url));
/** Its index builds hold up the answers to pings, and it ends connections that ping often. */
const NO_PINGS_MS = 2_147_483_647;

const folder = ({ installs }: Place) => join(installs, `milvus-lite-${VERSION}`);

/**
 * Milvus Lite as a server: a stand-in for what Milvus answers, not for how fast, nor for how safely it keeps what
 * several clients write at once.
 */
export const milvus: Service = {
  name: 'milvus',
  about: `Milvus Lite ${VERSION}`,
  usual: true,
  ports: { main: 29530 },
  stopSignal: 'SIGTERM',

  installed: async (place) => (isComplete(folder(place)) ? VERSION : null),

  async install(place) {
    await complete(folder(place), () => makeVenv(place, folder(place), REQUIREMENTS));
  },

  async start(place) {
    giveTo(place.data, undefined);
    const where = ['--data-dir', place.data, '--host', HOST, '--port', String(place.ports.main)];
    return { command: join(folder(place), 'bin', 'milvus-lite'), args: ['server', ...where] };
  },

  async ready({ main }, signal) {
    const client = new MilvusClient({
      address: `${HOST}:${main}`,
      timeout: 2_000,
      logLevel: 'error',
      maxRetries: 0,
      channelOptions: { 'grpc.keepalive_time_ms': NO_PINGS_MS },
    });
    // Otherwise nobody would wait for it once the signal has ended the call below.
    client.connectPromise.catch(() => {});
    const end = () => void client.closeConnection().catch(() => {});
    signal.addEventListener('abort', end, { once: true });
    try {
      const { status } = await client.showCollections();
      // Either field alone may tell of a failure.
      if (status.error_code !== ErrorCode.SUCCESS || status.code) throw new Error(status.reason);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  },

  env: ({ main }) => ({ MILVUS_ADDRESS: `${HOST}:${main}` }),
};
