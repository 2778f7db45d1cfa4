import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Objects } from '#backing/objects/port.ts';
import { openS3Objects, type S3Settings } from '#backing/objects/s3.ts';
import { objectsContract } from '../ports/objects.contract.ts';
import { emptied } from '../support/emptied-objects.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { newPrefix, onS3 } from './s3.ts';

const { signal } = new AbortController();
const body = (text: string) => new TextEncoder().encode(text);

onS3((settings) => {
  objectsContract({
    name: 's3',
    async open() {
      const here = { ...settings, prefix: newPrefix() };
      onTestFinished(() => emptied(here));
      const again = () => openS3Objects(here);
      return { objects: await again(), again };
    },
  });

  /** Objects behind a proxy, and the same without. */
  async function throughProxy(bounds: Partial<S3Settings> = {}) {
    const { hostname, port } = new URL(settings.endpoint);
    const proxy = await faultProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    const here = { ...settings, prefix: newPrefix() };
    onTestFinished(() => emptied(here));
    const objects = await openS3Objects({ ...here, endpoint: `http://127.0.0.1:${proxy.port}`, ...bounds });
    onTestFinished(() => objects.close());
    const direct = await openS3Objects(here);
    onTestFinished(() => direct.close());
    return { proxy, objects, direct };
  }

  /** Waits until a write has been done though its answer is on its way still, then breaks the connection. */
  async function cutOnceThere(proxy: FaultProxy, isThere: () => Promise<boolean>): Promise<void> {
    while (!(await isThere()));
    proxy.cut();
    proxy.delay(0);
  }

  describe('the objects: s3, with faults', () => {
    test('a conditional create whose answer was lost does not take its own write for another', async () => {
      const { proxy, objects, direct } = await throughProxy();
      proxy.delay(1_500);
      const creating = objects.create('k', body('mine'), signal);
      await cutOnceThere(proxy, async () => (await direct.get('k', signal)) !== null);
      const etag = await creating;
      expect(await direct.get('k', signal)).toMatchObject({ etag });
      await expect(objects.create('k', body('mine'), signal)).rejects.toMatchObject({
        code: 'object_exists',
      });
    });

    test('a conditional create that lost to another, in doubt, says so', async () => {
      const { proxy, objects, direct } = await throughProxy();
      await direct.create('k', body('theirs'), signal);
      proxy.refuse();
      const creating = objects.create('k', body('mine'), signal);
      const failed = expect(creating).rejects.toMatchObject({ code: 'object_exists' });
      await new Promise((resolve) => setImmediate(resolve));
      proxy.heal();
      await failed;
    });

    test('a conditional replace whose answer was lost does not take its own write for another', async () => {
      const { proxy, objects, direct } = await throughProxy();
      const first = await direct.create('k', body('1'), signal);
      proxy.delay(1_500);
      const replacing = objects.replace('k', body('2'), first, signal);
      await cutOnceThere(proxy, async () => (await direct.get('k', signal))?.etag !== first);
      expect(await direct.get('k', signal)).toMatchObject({ etag: await replacing });
      await expect(objects.replace('k', body('3'), first, signal)).rejects.toMatchObject({
        code: 'object_changed',
      });
    });

    test('a server that hangs fails at the deadline, with a code, and is used again once it is back', async () => {
      const { proxy, objects } = await throughProxy({ attempt_ms: 300, attempts: 2 });
      await objects.put('k', new Uint8Array(2_000_000), signal);
      const calls: ((from: Objects) => Promise<unknown>)[] = [
        (from) => from.get('k', signal),
        (from) => from.put('k', body('1'), signal),
        (from) => from.list({ prefix: '', after: '', max: 1 }, signal),
        (from) => from.delete('other', signal),
      ];
      proxy.blackHole();
      for (const call of calls)
        await expect(call(objects)).rejects.toMatchObject({ code: 'objects_unavailable', retryable: true });
      proxy.heal();
      expect((await objects.get('k', signal))?.body).toHaveLength(2_000_000);
    });

    test('who gives up does not wait for a server that hangs, not even in the middle of a body', async () => {
      const { proxy, objects, direct } = await throughProxy();
      await direct.put('k', new Uint8Array(20_000_000), signal);
      const reason = new Error('the caller has gone');
      const giving = new AbortController();
      const getting = objects.get('k', giving.signal);
      const failed = expect(getting).rejects.toBe(reason);
      proxy.blackHole();
      giving.abort(reason);
      await failed;
    });

    test('a wrong bucket, key or secret is told in a sentence, and no error tells the secret', async () => {
      const secret = 'a-secret-that-nobody-may-read';
      const credentials = {
        access_key_id: settings.credentials?.access_key_id ?? '',
        secret_access_key: secret,
      };
      const wrong: [Partial<S3Settings>, RegExp][] = [
        [{ bucket: 'no-such-bucket-of-ours' }, /there is none of that name/],
        [{ credentials }, /no right|secret key/],
        [{ credentials: { ...credentials, access_key_id: 'nobody' } }, /no right|access key/],
      ];
      for (const [mistake, sentence] of wrong) {
        const error = await openS3Objects({ ...settings, ...mistake }).catch((error: unknown) => error);
        expect(error).toMatchObject({ code: 'objects_refused', retryable: false });
        expect((error as Error).message).toMatch(sentence);
        expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
      }
    });

    test('a server that is not there is told after a few attempts', async () => {
      const proxy = await faultProxy({ host: '127.0.0.1', port: 1 });
      onTestFinished(() => proxy.close());
      const opening = openS3Objects({ ...settings, endpoint: `http://127.0.0.1:${proxy.port}`, attempts: 2 });
      await expect(opening).rejects.toMatchObject({ code: 'objects_unavailable', retryable: true });
    });
  });
});
