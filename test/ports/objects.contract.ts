import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ListedObject, listAll, type Objects } from '#backing/objects/port.ts';

export type ObjectsSubject = {
  name: string;
  /** Opens a place that nobody else uses; `again` opens the same once more, as another process would. */
  open(): Promise<{ objects: Objects; again(): Promise<Objects> | Objects }>;
};

const { signal } = new AbortController();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (found: { body: Uint8Array } | null) => found && new TextDecoder().decode(found.body);

/** What every store of objects holds to. */
export function objectsContract({ name, open }: ObjectsSubject): void {
  describe(`the objects: ${name}`, () => {
    async function setUp() {
      const { objects, again } = await open();
      onTestFinished(() => objects.close());
      const keys = async (prefix = '') => {
        const found: string[] = [];
        for await (const { key } of listAll(objects, prefix, signal)) found.push(key);
        return found;
      };
      const another = async () => {
        const opened = await again();
        onTestFinished(() => opened.close());
        return opened;
      };
      return { objects, another, keys };
    }

    test('bytes come back as they were, with the tag that writing them gave', async () => {
      const { objects, another } = await setUp();
      const other = await another();
      const bodies = [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, at) => at),
        bytes('naïve 🙂').subarray(2),
        new Uint8Array(3_000_000).fill(7),
      ];
      for (const [at, body] of bodies.entries()) {
        const etag = await objects.put(`bytes/${at}`, body, signal);
        for (const each of [objects, other]) {
          const found = await each.get(`bytes/${at}`, signal);
          expect(Buffer.compare(found?.body as Uint8Array, body)).toBe(0);
          expect(found?.etag).toBe(etag);
        }
      }
    });

    test('what is not there is null, and deleting it is no error', async () => {
      const { objects } = await setUp();
      expect(await objects.get('a/b', signal)).toBeNull();
      await objects.delete('a/b', signal);
      await objects.put('a/b', bytes('1'), signal);
      await objects.delete('a/b', signal);
      expect(await objects.get('a/b', signal)).toBeNull();
      expect(await objects.get('a', signal)).toBeNull();
    });

    test('a put takes the place of what is there', async () => {
      const { objects } = await setUp();
      const first = await objects.put('k', bytes('1'), signal);
      expect(await objects.put('k', bytes('2'), signal)).not.toBe(first);
      expect(text(await objects.get('k', signal))).toBe('2');
    });

    test('what is there is not created again, and stays as it is', async () => {
      const { objects } = await setUp();
      const etag = await objects.create('k', bytes('1'), signal);
      await expect(objects.create('k', bytes('2'), signal)).rejects.toMatchObject({
        code: 'object_exists',
        retryable: false,
      });
      expect(await objects.get('k', signal)).toMatchObject({ etag });
      await objects.delete('k', signal);
      await objects.create('k', bytes('3'), signal);
      expect(text(await objects.get('k', signal))).toBe('3');
    });

    test('of many that create an object at once, one does, and all find what it wrote', async () => {
      const { objects, another } = await setUp();
      const all = [objects, await another(), await another()];
      for (let round = 0; round < 8; round++) {
        const created = await Promise.allSettled(
          Array.from({ length: 12 }, (_, at) =>
            (all[at % 3] as Objects).create(`race/${round}`, bytes(`${at}`), signal).then(() => at),
          ),
        );
        const won = created.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        expect(won).toHaveLength(1);
        for (const one of created)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'object_exists' });
        for (const each of all) expect(text(await each.get(`race/${round}`, signal))).toBe(`${won[0]}`);
      }
    });

    test('an object is replaced only by who has read it as it is', async () => {
      const { objects } = await setUp();
      const first = await objects.create('k', bytes('1'), signal);
      const second = await objects.replace('k', bytes('2'), first, signal);
      const stale = { code: 'object_changed', retryable: false };
      await expect(objects.replace('k', bytes('3'), first, signal)).rejects.toMatchObject(stale);
      expect(await objects.get('k', signal)).toMatchObject({ etag: second });
      await objects.delete('k', signal);
      await expect(objects.replace('k', bytes('3'), second, signal)).rejects.toMatchObject(stale);
      expect(await objects.get('k', signal)).toBeNull();
    });

    test('counting by reading and replacing loses no count, however many do it at once', async () => {
      const { objects, another } = await setUp();
      await objects.put('count', bytes('0'), signal);
      const all = [objects, await another(), await another()];
      const count = async (each: Objects) => {
        for (let done = 0; done < 5; ) {
          const found = await each.get('count', signal);
          try {
            await each.replace('count', bytes(`${Number(text(found)) + 1}`), found?.etag ?? '', signal);
            done++;
          } catch (error) {
            if ((error as { code?: string }).code !== 'object_changed') throw error;
          }
        }
      };
      await Promise.all([...all, objects].map(count));
      expect(text(await objects.get('count', signal))).toBe('20');
    });

    test('a listing is in the order of the keys, whatever folders they stand in', async () => {
      const { objects } = await setUp();
      const names = fc.stringMatching(/^[abAB01_][ab.=_-]{0,2}$/);
      const lists = fc.uniqueArray(fc.array(names, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 12,
        selector: (key) => key.join('/'),
      });
      const property = fc.asyncProperty(
        lists,
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        async (all, at, max) => {
          const root = `p${randomUUID()}`;
          // Where one is a folder of another, some stores can have but one of them.
          const keys = all
            .map((key) => [root, ...key].join('/'))
            .filter((key, _, every) => !every.some((other) => other.startsWith(`${key}/`)))
            .sort();
          await Promise.all(keys.map((key) => objects.put(key, bytes(key), signal)));
          const pages: ListedObject[] = [];
          for (let after = ''; ; ) {
            const page = await objects.list({ prefix: `${root}/`, after, max }, signal);
            pages.push(...page);
            if (page.length < max) break;
            after = page.at(-1)?.key as string;
          }
          expect(pages).toEqual(
            keys.map((key) => ({ key, bytes: key.length, modified_ms: expect.any(Number) })),
          );
          const day_ms = 86_400_000;
          for (const { modified_ms } of pages)
            expect(Math.abs(modified_ms - Date.now())).toBeLessThan(day_ms);
          const after = keys[at % keys.length] as string;
          const prefix = after.slice(0, root.length + 2);
          const rest = await objects.list({ prefix, after, max: 1000 }, signal);
          expect(rest.map(({ key }) => key)).toEqual(
            keys.filter((key) => key.startsWith(prefix) && key > after),
          );
        },
      );
      await fc.assert(property, { numRuns: 15 });
    });

    test('a page is never more than was asked for, and a thousand at most', async () => {
      const { objects, keys } = await setUp();
      const all = Array.from({ length: 1_005 }, (_, at) => `n/${String(at).padStart(5, '0')}`);
      for (let at = 0; at < all.length; at += 67)
        await Promise.all(all.slice(at, at + 67).map((key) => objects.put(key, bytes('.'), signal)));
      expect(await objects.list({ prefix: 'n/', after: '', max: 1000 }, signal)).toHaveLength(1000);
      expect(await keys('n/')).toEqual(all);
      for (const max of [0, 1001, 1.5])
        await expect(async () => objects.list({ prefix: '', after: '', max }, signal)).rejects.toThrow(
          RangeError,
        );
    });

    test('a key that could lead elsewhere is refused, by every call', async () => {
      const { objects, keys } = await setUp();
      const bad = [
        '',
        '/',
        '/etc/passwd',
        '..',
        '../x',
        'a/../../x',
        'a//b',
        'a/',
        './a',
        '.lock',
        'a b',
        'a\\b',
      ];
      for (const key of [...bad, 'a\u0000', 'ä', 'a%2f', `${'x'.repeat(201)}`, 'a/'.repeat(20).concat('b')]) {
        const refused = { code: 'objects_refused', retryable: false };
        await expect(async () => objects.get(key, signal)).rejects.toMatchObject(refused);
        await expect(async () => objects.put(key, bytes('1'), signal)).rejects.toMatchObject(refused);
        await expect(async () => objects.create(key, bytes('1'), signal)).rejects.toMatchObject(refused);
        await expect(async () => objects.replace(key, bytes('1'), 'x', signal)).rejects.toMatchObject(
          refused,
        );
        await expect(async () => objects.delete(key, signal)).rejects.toMatchObject(refused);
      }
      expect(await keys()).toEqual([]);
    });

    test('what is called with an aborted signal rejects with its reason, and writes nothing', async () => {
      const { objects, keys } = await setUp();
      const reason = new Error('the caller has gone');
      const gone = AbortSignal.abort(reason);
      const calls = [
        () => objects.get('k', gone),
        () => objects.put('k', bytes('1'), gone),
        () => objects.create('k', bytes('1'), gone),
        () => objects.replace('k', bytes('1'), 'x', gone),
        () => objects.delete('k', gone),
        () => objects.list({ prefix: '', after: '', max: 1 }, gone),
      ];
      for (const call of calls) await expect(async () => call()).rejects.toBe(reason);
      expect(await keys()).toEqual([]);
    });
  });
}
