import { listAll, type Objects } from '#backing/objects/port.ts';
import { openS3Objects, type S3Settings } from '#backing/objects/s3.ts';

/** Deletes all objects that stand under the prefix of these settings. */
export async function emptied(settings: S3Settings): Promise<void> {
  const objects: Objects = await openS3Objects(settings);
  const { signal } = new AbortController();
  const keys: string[] = [];
  for await (const { key } of listAll(objects, '', signal)) keys.push(key);
  for (let at = 0; at < keys.length; at += 50)
    await Promise.all(keys.slice(at, at + 50).map((key) => objects.delete(key, signal)));
  await objects.close();
}
