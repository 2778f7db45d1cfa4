import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openFolderObjects } from '#backing/objects/folder.ts';
import { listAll } from '#backing/objects/port.ts';
import { temporaryFolder } from '../../support/folder.ts';

const CHILD = fileURLToPath(new URL('./until-killed.child.ts', import.meta.url));
const { signal } = new AbortController();

test('of processes that race and are killed, one creates each object and no count is lost; no object is in part', async () => {
  const folder = await temporaryFolder();
  const [created, counted]: [string[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      ['a', 'b', 'c'].map(async (name, which) => {
        const child = spawn(process.execPath, [CHILD, folder, name], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const closed = once(child, 'close');
        let lines = 0;
        for await (const line of createInterface(child.stdout)) {
          const said = JSON.parse(line) as { created?: number; counted?: number };
          if (said.created !== undefined) created.push(`race/${said.created}`);
          if (said.counted !== undefined) counted.push(said.counted);
          if (++lines === 8 + 5 * which) child.kill('SIGKILL');
        }
        expect((await closed)[1]).toBe('SIGKILL');
      }),
    );
  }
  const objects = openFolderObjects({ folder });
  expect(new Set(created).size).toBe(created.length);
  expect(new Set(counted).size).toBe(counted.length);
  const count = Number(new TextDecoder().decode((await objects.get('count', signal))?.body));
  expect(count).toBeGreaterThanOrEqual(Math.max(...counted));
  for await (const { key } of listAll(objects, 'race/', signal)) {
    const text = new TextDecoder().decode((await objects.get(key, signal))?.body);
    expect(text).toBe(`${text[0]} `.repeat(5_000));
  }
  for (const key of created) expect(await objects.get(key, signal)).not.toBeNull();
  await objects.close();
});

test('what a killed process left unfinished goes once it is old, and is never listed', async () => {
  const folder = await temporaryFolder();
  await openFolderObjects({ folder }).close();
  const unfinished = join(folder, '.unfinished');
  await writeFile(join(unfinished, 'old'), '1');
  await utimes(join(unfinished, 'old'), 0, 0);
  await writeFile(join(unfinished, 'new'), '1');
  const objects = openFolderObjects({ folder });
  expect(await readdir(unfinished)).toEqual(['new']);
  expect(await objects.list({ prefix: '', after: '', max: 10 }, signal)).toEqual([]);
  await objects.close();
});

test('a folder that cannot be had is told in a sentence', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  expect(() => openFolderObjects({ folder: join(file, 'x') })).toThrow(
    expect.objectContaining({
      code: 'objects_refused',
      message: expect.stringContaining('choose another folder'),
    }),
  );
});
