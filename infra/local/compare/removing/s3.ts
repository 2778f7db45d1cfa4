import { listAll } from '#backing/objects/port.ts';
import { openS3Objects } from '#backing/objects/s3.ts';
import { bucketOf, type S3Settings } from '#backing/open/archive.ts';
import type { Remove } from './remove.ts';

export const removeObjects: Remove = async (settings) => {
  const { signal } = new AbortController();
  const objects = await openS3Objects(bucketOf(settings as S3Settings));
  try {
    for await (const { key } of listAll(objects, '', signal)) await objects.delete(key, signal);
  } finally {
    await objects.close();
  }
};
