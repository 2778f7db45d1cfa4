import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFolder } from '#backing/folder.ts';
import { temporaryFolder } from '../support/folder.ts';

test('a new folder is its owner’s alone, and says its format', async () => {
  const path = join(await temporaryFolder(), 'a', 'b');
  const folder = openFolder(path);
  onTestFinished(() => folder.close());
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readFileSync(folder.path('format'), 'utf8')).toBe('1\n');
  expect(folder.path('log.db')).toBe(join(path, 'log.db'));
});

test('a second process is refused, with a sentence that says what to do, until the first one is killed', async () => {
  const path = await temporaryFolder();
  const module = new URL('../../backing/folder.ts', import.meta.url).href;
  const code = `const { openFolder } = await import(${JSON.stringify(module)});
    globalThis.kept = openFolder(process.argv[1]); console.log('open'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const refused = expect.objectContaining({
    code: 'folder_in_use',
    message: expect.stringContaining('stop that one first'),
  });
  expect(() => openFolder(path)).toThrow(refused);
  child.kill('SIGKILL');
  await once(child, 'exit');
  openFolder(path).close();
});

test('a second opening in the same process is refused too, until the first one is closed', async () => {
  const path = await temporaryFolder();
  const folder = openFolder(path);
  expect(() => openFolder(path)).toThrow(expect.objectContaining({ code: 'folder_in_use' }));
  folder.close();
  openFolder(path).close();
});

test('a folder of a newer format is refused, and is not left locked', async () => {
  const path = await temporaryFolder();
  writeFileSync(join(path, 'format'), '2\n');
  expect(() => openFolder(path)).toThrow(expect.objectContaining({ code: 'folder_too_new' }));
  writeFileSync(join(path, 'format'), '1\n');
  openFolder(path).close();
});

test('what cannot be a data folder is refused with a sentence', async () => {
  const path = await temporaryFolder();
  writeFileSync(join(path, 'file'), '');
  expect(() => openFolder(join(path, 'file'))).toThrow(expect.objectContaining({ code: 'folder_unusable' }));
  writeFileSync(join(path, 'format'), 'what?');
  expect(() => openFolder(path)).toThrow(expect.objectContaining({ code: 'folder_unusable' }));
});
