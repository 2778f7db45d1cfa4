import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitsByNode } from '#backing/http/fits-by-node.ts';
import { importKeys, type Key } from '#contract/signature.ts';

const encoder = new TextEncoder();
const secretArb = fc.uint8Array({ minLength: 32, maxLength: 80 });

async function keyOf(id: string, secret: Uint8Array): Promise<Key> {
  const [key] = await importKeys([{ id, secret: Buffer.from(secret).toString('base64url') }]);
  return key as Key;
}

test('Node takes for a MAC of a text what WebCrypto does, and nothing else', async () => {
  const mac = fc.uint8Array({ minLength: 32, maxLength: 32 });
  await fc.assert(
    fc.asyncProperty(
      secretArb,
      fc.string({ unit: 'binary' }),
      fc.option(mac),
      async (secret, text, other) => {
        const key = await keyOf('k', secret);
        const own = new Uint8Array(await crypto.subtle.sign('HMAC', key.hmac, encoder.encode(text)));
        const asked = other ? Uint8Array.from(other) : own;
        const fits = await crypto.subtle.verify('HMAC', key.hmac, asked, encoder.encode(text));
        expect(await fitsByNode([key])(key, asked, text)).toBe(fits);
      },
    ),
  );
});

test('a key that it was not given fits nothing', async () => {
  const [known, other] = [await keyOf('k', Buffer.alloc(32, 1)), await keyOf('k', Buffer.alloc(32, 1))];
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', known.hmac, encoder.encode('text')));
  expect(await fitsByNode([known])(known, mac, 'text')).toBe(true);
  expect(await fitsByNode([known])(other, mac, 'text')).toBe(false);
});
