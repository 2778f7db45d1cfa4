import { expect, onTestFinished, test, vi } from 'vitest';
import { openS3Objects } from '#backing/objects/s3.ts';
import { s3 } from '../../infra/services/s3.ts';
import { ownService } from './own-service.ts';
import { onS3 } from './s3.ts';

const { signal } = new AbortController();

onS3((settings) => {
  test('a server that is killed and started again while objects are created: each that was acknowledged is there, once', async ({
    skip,
  }) => {
    const server = await ownService(s3, skip);
    const objects = await openS3Objects({
      ...settings,
      endpoint: server.env['S3_ENDPOINT'] as string,
      attempt_ms: 5_000,
      attempts: 2,
    });
    onTestFinished(() => objects.close());
    const acknowledged: string[] = [];
    let [stopping, failures] = [false, 0];
    const writing = Array.from({ length: 4 }, async (_, which) => {
      for (let at = 0; !stopping; at++) {
        const key = `killed/${which}-${at}`;
        try {
          await objects.create(key, new TextEncoder().encode(key), signal);
          acknowledged.push(key);
        } catch (error) {
          failures++;
          expect(error).toMatchObject({ code: 'objects_unavailable', retryable: true });
        }
      }
    });
    for (let round = 0; round < 3; round++) {
      const [before, failed] = [acknowledged.length, failures];
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + 20), { timeout: 30_000 });
      await server.end();
      await vi.waitFor(() => expect(failures).toBeGreaterThan(failed), { timeout: 30_000 });
      await server.start();
    }
    stopping = true;
    await Promise.all(writing);
    for (const key of acknowledged) {
      const found = await objects.get(key, signal);
      expect(found && new TextDecoder().decode(found.body)).toBe(key);
    }
  });
});
