import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { orAborted } from '../or-aborted.ts';
import {
  checkKey,
  checkListing,
  type ListedObject,
  ObjectChanged,
  ObjectExists,
  type Objects,
  ObjectsUnavailable,
} from './port.ts';
import { attempts, type Bounds } from './s3-attempts.ts';
import { isConflict, isMissing } from './s3-errors.ts';

export type S3Settings = Partial<Bounds> & {
  bucket: string;
  region: string;
  /** `https://host:port`, or `http://` without TLS; AWS's own for the region where there is none. */
  endpoint?: string;
  /** Else what the SDK finds: the environment, a role, a profile. No error tells them. */
  credentials?: { access_key_id: string; secret_access_key: string; session_token?: string };
  /** The bucket stands in the path, not in the host's name: most servers that are not AWS want it so. */
  path_style?: boolean;
  /** Stands before every key: such as `edgewise/`. */
  prefix?: string;
  /** The most connections at once. */
  connections?: number;
};

/** The name in an object's metadata that says which call wrote it. */
const WRITTEN_BY = 'edgewise-call';

/**
 * Objects in a bucket of any store that speaks S3 and holds to If-None-Match and If-Match on writes (AWS has
 * since 2024). Every attempt has its deadline; what can be tried again is, a few times: reads, deletes, and
 * writes, since each leaves its call's token in the object's metadata. A conditional write that comes upon an
 * object after an answer of its own was lost looks whose it is, and takes its own for done.
 * Rejects with ObjectsUnavailable or ObjectsRefused where the bucket cannot be reached.
 */
export async function openS3Objects(settings: S3Settings): Promise<Objects> {
  const { bucket: Bucket, region, endpoint, credentials, prefix = '', path_style = false } = settings;
  const { connections = 32, attempt_ms = 30_000, attempts: most = 4 } = settings;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.access_key_id,
        secretAccessKey: credentials.secret_access_key,
        ...(credentials.session_token === undefined ? {} : { sessionToken: credentials.session_token }),
      },
    }),
    forcePathStyle: path_style,
    // Attempts are made here: only here is known what one of them may have left.
    maxAttempts: 1,
    // Who starts with a wrong address should hear so at once, and not after the whole deadline.
    requestHandler: {
      connectionTimeout: Math.min(5_000, attempt_ms),
      httpsAgent: { maxSockets: connections },
      httpAgent: { maxSockets: connections },
    },
  });
  const attempt = attempts({ attempt_ms, attempts: most }, `S3 bucket ${Bucket}`);

  const keyOf = (key: string) => {
    checkKey(key);
    return `${prefix}${key}`;
  };
  const tagOf = (etag: string | undefined) => {
    if (etag) return etag;
    throw new ObjectsUnavailable(`S3 bucket ${Bucket} gave no tag of an object`);
  };

  /** Whose object there is, and its tag; null where there is none. */
  async function writerOf(Key: string, signal: AbortSignal) {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal: signal });
      return { call: head.Metadata?.[WRITTEN_BY], etag: tagOf(head.ETag) };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Writes on a condition; `refused` makes the error for when it did not hold from the start. */
  function write(
    Key: string,
    Body: Uint8Array,
    condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>,
    refused: () => Error,
    signal: AbortSignal,
  ): Promise<string> {
    const call = randomUUID();
    const input = { Bucket, Key, Body, Metadata: { [WRITTEN_BY]: call }, ...condition };
    return attempt(signal, async (limit, isInDoubt) => {
      try {
        return tagOf((await client.send(new PutObjectCommand(input), { abortSignal: limit })).ETag);
      } catch (error) {
        const gone = condition.IfMatch !== undefined && isMissing(error);
        if (!isConflict(error) && !gone) throw error;
        const there = isInDoubt ? await writerOf(Key, limit) : null;
        if (there?.call === call) return there.etag;
        throw refused();
      }
    });
  }

  try {
    const { signal } = new AbortController();
    // Of all that asks for a bucket, only what may have a body in its answer says why not.
    const one = { Bucket, Prefix: prefix, MaxKeys: 1 };
    await attempt(signal, (limit) => client.send(new ListObjectsV2Command(one), { abortSignal: limit }));
  } catch (error) {
    client.destroy();
    throw error;
  }

  return {
    async get(key, signal) {
      const Key = keyOf(key);
      return attempt(signal, async (limit) => {
        try {
          const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key }), {
            abortSignal: limit,
          });
          if (!Body) throw new ObjectsUnavailable(`S3 bucket ${Bucket} gave no body of an object`);
          // The SDK forgets the signal once it has the head of the answer.
          const abort = () => (Body as { destroy?: () => void }).destroy?.();
          limit.addEventListener('abort', abort, { once: true });
          try {
            return { body: await orAborted(Body.transformToByteArray(), limit), etag: tagOf(ETag) };
          } finally {
            limit.removeEventListener('abort', abort);
          }
        } catch (error) {
          if (isMissing(error)) return null;
          throw error;
        }
      });
    },
    async put(key, body, signal) {
      const never = () =>
        new ObjectsUnavailable(`S3 bucket ${Bucket} had several writes of an object at once`);
      return write(keyOf(key), body, {}, never, signal);
    },
    async create(key, body, signal) {
      return write(keyOf(key), body, { IfNoneMatch: '*' }, () => new ObjectExists(key), signal);
    },
    async replace(key, body, etag, signal) {
      return write(keyOf(key), body, { IfMatch: etag }, () => new ObjectChanged(key), signal);
    },
    async delete(key, signal) {
      const Key = keyOf(key);
      await attempt(signal, (limit) =>
        client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal: limit }),
      );
    },
    async list(listing, signal) {
      checkListing(listing);
      const Prefix = `${prefix}${listing.prefix}`;
      const StartAfter = listing.after === '' ? undefined : `${prefix}${listing.after}`;
      const page = { Bucket, Prefix, MaxKeys: listing.max, ...(StartAfter && { StartAfter }) };
      return attempt(signal, async (limit) => {
        const found: ListedObject[] = [];
        let token: string | undefined;
        // A server may give fewer than were asked for, though there are more.
        do {
          const next: ListObjectsV2CommandInput = {
            ...page,
            MaxKeys: listing.max - found.length,
            ...(token && { ContinuationToken: token }),
          };
          const given: ListObjectsV2CommandOutput = await client.send(new ListObjectsV2Command(next), {
            abortSignal: limit,
          });
          for (const { Key = '', Size = 0, LastModified } of given.Contents ?? []) {
            // Where a store does not say, it could be in use: it counts as new.
            const modified_ms = LastModified?.getTime() ?? Date.now();
            found.push({ key: Key.slice(prefix.length), bytes: Size, modified_ms });
          }
          token = given.IsTruncated ? given.NextContinuationToken : undefined;
        } while (token !== undefined && found.length < listing.max);
        return found;
      });
    },
    async close() {
      client.destroy();
    },
  };
}
