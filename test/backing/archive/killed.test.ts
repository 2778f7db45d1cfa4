import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { objectArchive } from '#backing/archive/in-objects.ts';
import { openFolderObjects } from '#backing/objects/folder.ts';
import { all, offsetOf, rowsInObjects, rowsOf, user, whose } from '../../ports/archive.records.ts';
import { temporaryFolder } from '../../support/folder.ts';

const CHILD = fileURLToPath(new URL('./until-killed.child.ts', import.meta.url));
const { signal } = new AbortController();

test('of processes that append, compact and forget at once and are killed, every record that was covered is there once, but for who was forgotten', async () => {
  const folder = await temporaryFolder();
  let covered = 0;
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      ['', 'ada'].map(async (forgets, which) => {
        const child = spawn(process.execPath, [CHILD, folder, forgets], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const closed = once(child, 'close');
        let lines = 0;
        for await (const line of createInterface(child.stdout)) {
          covered = Math.max(covered, (JSON.parse(line) as { covered?: number }).covered ?? 0);
          if (++lines === 12 + 7 * which) child.kill('SIGKILL');
        }
        expect((await closed)[1]).toBe('SIGKILL');
      }),
    );
  }
  const objects = openFolderObjects({ folder });
  const archive = objectArchive(objects);
  expect(await all(archive.faults(signal))).toEqual([]);
  const before = (await all(archive.records(whose, signal))).map(({ offset }) => offset);
  const others = rowsOf(1_000).filter((row) => user(row) !== 'ada' && offsetOf(row) < covered);
  expect(covered).toBeGreaterThan(20);
  expect(before).toEqual(expect.arrayContaining(others.map(offsetOf)));

  // What a killed process left can be told from what one writes just now once the partition goes on.
  const end = (await all(archive.entries(whose, signal))).at(-1)?.next_offset as number;
  await archive.append({ ...whose, from: end, records: rowsOf(end + 5).slice(end) }, signal);
  const person = { tenant_id: 'acme', user_id: 'ada', forgotten_at: '2027-01-01T00:00:00.000Z' };
  await archive.forget([person], signal);
  const kept = rowsOf(end + 5)
    .filter((row) => user(row) !== 'ada')
    .map(offsetOf);
  expect((await all(archive.records(whose, signal))).map(({ offset }) => offset)).toEqual(kept);
  expect((await rowsInObjects(objects)).map(offsetOf).sort((a, b) => a - b)).toEqual(kept);
  expect(await archive.contents(signal)).toMatchObject({ unnamed: 0 });
  await objects.close();
}, 60_000);
