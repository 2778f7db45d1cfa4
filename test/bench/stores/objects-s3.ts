import { randomUUID } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { openS3Objects, type S3Settings } from '#backing/objects/s3.ts';
import { emptied } from '../../support/emptied-objects.ts';
import { calling, type StoreBench, variable } from '../support/store-bench.ts';

type Place = { prefix: string };

const { signal } = new AbortController();
const [FILE, ENTRY] = [new Uint8Array(64 * 1024).fill(7), new Uint8Array(512).fill(7)];
/** Objects there are to read and list. */
const [FILLED, LISTED] = [200, 100];
/** Objects that a side writes, again and again. */
const WRITTEN = 50;

const settings = ({ prefix }: Place): S3Settings => ({
  endpoint: variable('S3_ENDPOINT'),
  region: variable('S3_REGION'),
  bucket: variable('S3_BUCKET'),
  credentials: {
    access_key_id: variable('S3_ACCESS_KEY_ID'),
    secret_access_key: variable('S3_SECRET_ACCESS_KEY'),
  },
  path_style: true,
  prefix,
});

const filled = (at: number) => `filled/${String(at % FILLED).padStart(4, '0')}`;
/** Where a side puts; and where it creates, each time another. */
const written = (side: string, at: number) => `${side}/put/${at % WRITTEN}`;
const created = (side: string, at: number) => `${side}/created/${at}`;

const NEEDS = ['S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];

export const store: StoreBench<Place> = {
  name: 'objects on S3',
  needs: NEEDS.map((variable) => ({ variable, up: 's3' })),
  operations: [
    { name: 'put', holds: '64 KiB', items: 1, clients: 4 },
    { name: 'get', holds: '64 KiB', items: 1, clients: 4 },
    { name: 'create', holds: '512 bytes, where there is none', items: 1, clients: 4, most: 400 },
    { name: 'list', holds: `${LISTED} objects`, items: 1, clients: 4 },
  ],

  async prepare() {
    const place = { prefix: `bench-${randomUUID()}/` };
    const objects = await openS3Objects(settings(place));
    for (let at = 0; at < FILLED; at++) await objects.put(filled(at), FILE, signal);
    await objects.close();
    return { place, remove: () => emptied(settings(place)) };
  },

  async adapter(place) {
    const objects = await openS3Objects(settings(place));
    const page = { prefix: 'filled/', after: '', max: LISTED };
    return {
      work: {
        put: calling((at) => objects.put(written('ours', at), FILE, signal)),
        get: calling((at) => objects.get(filled(at), signal)),
        create: calling((at) => objects.create(created('ours', at), ENTRY, signal)),
        list: calling(() => objects.list(page, signal)),
      },
      close: () => objects.close(),
    };
  },

  async raw({ prefix }) {
    const Bucket = variable('S3_BUCKET');
    const client = new S3Client({
      endpoint: variable('S3_ENDPOINT'),
      region: variable('S3_REGION'),
      credentials: {
        accessKeyId: variable('S3_ACCESS_KEY_ID'),
        secretAccessKey: variable('S3_SECRET_ACCESS_KEY'),
      },
      forcePathStyle: true,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000 },
    });
    const put = (key: string, Body: Uint8Array, condition: Pick<PutObjectCommandInput, 'IfNoneMatch'> = {}) =>
      client.send(new PutObjectCommand({ Bucket, Key: prefix + key, Body, ...condition }));
    const get = async (key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: prefix + key }));
      return await Body?.transformToByteArray();
    };
    const page = { Bucket, Prefix: `${prefix}filled/`, MaxKeys: LISTED };
    return {
      work: {
        put: calling((at) => put(written('bare', at), FILE)),
        get: calling((at) => get(filled(at))),
        create: calling((at) => put(created('bare', at), ENTRY, { IfNoneMatch: '*' })),
        list: calling(() => client.send(new ListObjectsV2Command(page))),
      },
      close: async () => client.destroy(),
    };
  },
};
