import { objectArchive } from '../archive/in-objects.ts';
import type { Archive } from '../archive/port.ts';
import { openFolderObjects } from '../objects/folder.ts';
import type { Objects } from '../objects/port.ts';
import { openS3Objects } from '../objects/s3.ts';
import { type Read, setting } from '../settings.ts';
import { type Closable, embedded, port, shared } from './port.ts';

type Opened = Archive & { close(): Promise<void> };

function over(objects: Objects & Closable): Opened {
  return { ...objectArchive(objects), close: async () => objects.close() };
}

/** The embedded one, in a folder of its own. */
export function openArchive(folder: string): Opened {
  return over(openFolderObjects({ folder }));
}

/** What the archive in an object storage needs to know. */
export const s3Settings = {
  S3_ENDPOINT: setting.s3_endpoint,
  S3_REGION: setting.s3_region,
  S3_BUCKET: setting.s3_bucket,
  S3_PREFIX: setting.s3_prefix,
  S3_ACCESS_KEY_ID: setting.s3_access_key_id,
  S3_SECRET_ACCESS_KEY: setting.s3_secret_access_key,
} as const;
export type S3Settings = Read<typeof s3Settings>;

/** How the bucket is reached, by what was read. */
export function bucketOf(read: S3Settings): Parameters<typeof openS3Objects>[0] {
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: secret } = read;
  return {
    bucket: read.S3_BUCKET,
    region: read.S3_REGION,
    prefix: read.S3_PREFIX,
    // Amazon's own has a host for each bucket, others mostly not.
    ...(endpoint === undefined ? {} : { endpoint, path_style: true }),
    ...(id && secret ? { credentials: { access_key_id: id, secret_access_key: secret } } : {}),
  };
}

/** Says what is wrong with them together; null where nothing is. */
export function checkS3({ S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY }: S3Settings): string | null {
  return !S3_ACCESS_KEY_ID !== !S3_SECRET_ACCESS_KEY
    ? 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY come together'
    : null;
}

const s3 = shared({
  settings: s3Settings,
  check: checkS3,
  open: async (read): Promise<Opened> => over(await openS3Objects(bucketOf(read))),
});

/** All that was on the log, for good. */
export const archive = port({
  variable: 'ARCHIVE',
  users: ['views'],
  parts: {
    s3,
    embedded: embedded({ in_folder: true, open: ({ path }): Opened => openArchive(path('archive')) }),
  },
});
