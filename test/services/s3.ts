import { randomUUID } from 'node:crypto';
import type { S3Settings } from '#backing/objects/s3.ts';
import { onService } from './on-service.ts';

/** Registers tests that need S3. */
export function onS3(register: (settings: S3Settings & { endpoint: string }) => void): void {
  onService({ name: 'S3', variable: 'S3_ENDPOINT', up: 's3' }, (endpoint) =>
    register({
      endpoint,
      region: process.env['S3_REGION'] ?? '',
      bucket: process.env['S3_BUCKET'] ?? '',
      credentials: {
        access_key_id: process.env['S3_ACCESS_KEY_ID'] ?? '',
        secret_access_key: process.env['S3_SECRET_ACCESS_KEY'] ?? '',
      },
      path_style: true,
    }),
  );
}

/** What stands before the keys of one test. */
export const newPrefix = () => `test-${randomUUID()}/`;
