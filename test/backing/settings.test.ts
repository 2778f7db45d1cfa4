import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadSettings, readSettings, setting } from '#backing/settings.ts';
import { temporaryFolder } from '../support/folder.ts';

describe('settings', () => {
  test('a file gives what the variable would have, whatever it holds, without its last line break', async () => {
    const file = join(await temporaryFolder(), 'secret');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (secret) => {
        fc.pre(!/[\r\n]$/.test(secret));
        for (const end of ['', '\n', '\r\n']) {
          await writeFile(file, secret + end);
          const read = readSettings(
            { KAFKA_PASSWORD: setting.kafka_password },
            { KAFKA_PASSWORD_FILE: file },
          );
          expect(read.KAFKA_PASSWORD).toBe(secret);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('all that is wrong is named at once, and none of it is told', async () => {
    const file = join(await temporaryFolder(), 'ca');
    await writeFile(file, 'canary-1');
    const read = () =>
      readSettings(
        {
          KAFKA_CA: setting.kafka_ca,
          KAFKA_PASSWORD: setting.kafka_password,
          REDIS_PASSWORD: setting.redis_password,
          POSTGRES_URL: setting.postgres_url,
          ORIGIN_KEYS: setting.keys,
        },
        {
          KAFKA_CA_FILE: file,
          KAFKA_PASSWORD_FILE: '/nowhere/canary-2',
          REDIS_PASSWORD: 'canary-3',
          REDIS_PASSWORD_FILE: file,
          POSTGRES_URL: 'https://ada:canary-4@host/',
          ORIGIN_KEYS: '[{"id":"a","secret":"canary-5"}]',
        },
      );
    expect(read).toThrow(BadSettings);
    expect(read).toThrow(
      /KAFKA_CA should be .*; KAFKA_PASSWORD_FILE should name a file .*ENOENT.*; REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set.*; POSTGRES_URL should be .*; ORIGIN_KEYS should be /,
    );
    expect(read).not.toThrow('canary');
  });

  test.each([
    ['postgres://a@h/d?sslmode=require', true],
    ['postgres://a@h/d', true],
    // Whether it is encrypted must not hang on who listens, nor on a word that a client does not know.
    ['postgres://a@h/d?sslmode=prefer', false],
    ['postgres://a@h/d?ssl=true', false],
    ['postgres://a@h/d?sslmode=require&sslrootcert=/ca.pem', false],
  ])('the address %s is taken: %s', (url, taken) => {
    const read = () => readSettings({ POSTGRES_URL: setting.postgres_url }, { POSTGRES_URL: url });
    if (taken) expect(read().POSTGRES_URL).toBe(url);
    else expect(read).toThrow('sslmode=require');
  });
});
