import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLog } from '#backing/log/embedded.ts';
import { topics } from '#contract/topics.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';

it('dead letters are listed, shown, redriven and dropped from the command line', async () => {
  const data = join(await temporaryFolder(), 'data');
  const run = (...args: string[]) => cli('dead-letters', ...args, '--data', data);
  expect((await run('list')).stdout).toBe('No dead letter waits.\n');
  const log = openLog({ file: join(data, 'log.db') });
  await log.append(
    topics.events,
    [{ key: 'k', value: Buffer.from('{"v":1}') }],
    new AbortController().signal,
  );
  await log.close();

  // Whoever opens the folder runs the views on it; they may not have come to the record at once.
  await expect
    .poll(async () => (await run('list')).stdout, { timeout: 30_000 })
    .toMatch(/^counters:events:\d:0 {2}.* {2}bad_envelope {2}1x {2}7 bytes {2}.+$/m);
  const { stdout } = await run('list');
  const id = /^counters:\S+/m.exec(stdout)?.[0] as string;

  const shown = JSON.parse((await run('show', id)).stdout);
  expect(shown).toMatchObject({ id, group: 'counters', key: 'k', value: '{"v":1}' });
  const again = await run('redrive', id);
  expect(again.stderr).toMatch(/failed again, the 2\. time/);
  expect(again.stdout).toBe('Put before their view again: 1; back already: 1.\n');
  expect(again.code).toBe(1);
  expect((await run('drop', id)).stdout).toBe('Dropped: 1.\n');
  expect((await run('show', id)).stderr).toBe(
    'No dead letter of that id waits: it was settled, or never was\n',
  );
  expect((await run('list')).stdout).not.toContain('counters:');
}, 60_000);
