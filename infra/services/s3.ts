import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { complete, isComplete } from './completed.ts';
import { giveTo } from './give-to.ts';
import { goInstall } from './go.ts';
import type { Place } from './place.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';

const VERSION = '1.8.0';
const [ACCESS_KEY, SECRET_KEY, BUCKET, REGION] = ['edgewise', 'edgewise-local', 'edgewise', 'us-east-1'];

const folder = ({ installs }: Place) => join(installs, `versitygw-${VERSION}`);

/** The S3 protocol before a folder, by Versity's gateway. It has one bucket to begin with. */
export const s3: Service = {
  name: 's3',
  about: `versitygw ${VERSION}`,
  usual: true,
  ports: { main: 27070 },
  stopSignal: 'SIGTERM',

  installed: async (place) => (isComplete(folder(place)) ? VERSION : null),

  async install(place) {
    const module = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
    await complete(folder(place), () => goInstall(place, folder(place), module));
  },

  async start(place) {
    giveTo(place.data, undefined);
    // To it a bucket is a folder. Not every file system can hold its notes in attributes, so they stand beside.
    const [buckets, notes] = [join(place.data, 'buckets'), join(place.data, 'notes')];
    mkdirSync(join(buckets, BUCKET), { recursive: true });
    mkdirSync(notes, { recursive: true });
    const options = [
      '--port',
      `${HOST}:${place.ports.main}`,
      '--region',
      REGION,
      '--health',
      '/health',
      '--quiet',
    ];
    return {
      command: join(folder(place), 'versitygw'),
      args: [...options, 'posix', '--sidecar', notes, buckets],
      env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    };
  },

  async ready({ main }, signal) {
    const answer = await fetch(`http://${HOST}:${main}/${BUCKET}`, { signal });
    const text = await answer.text();
    // Unsigned, so that the refusal itself, in the words of S3, is the proof.
    if (!text.includes('<Code>AccessDenied</Code>')) throw new Error(`Not an answer of S3: ${text}`);
  },

  env: ({ main }) => ({
    S3_ENDPOINT: `http://${HOST}:${main}`,
    S3_REGION: REGION,
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY_ID: ACCESS_KEY,
    S3_SECRET_ACCESS_KEY: SECRET_KEY,
  }),
};
