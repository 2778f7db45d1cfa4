import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openLog } from '#backing/log/embedded.ts';
import { deadLetterKey, QUEUED_FORMAT } from '#contract/queued-events.ts';
import { importKeys } from '#contract/signature.ts';
import { topics } from '#contract/topics.ts';
import { startGateway } from '../../ingest/start.ts';
import { cli } from '../infra/support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const KEY = { id: 'g', secret: Buffer.alloc(32, 7).toString('base64url') };
const NOW = Date.now();
const accepted_at = new Date(NOW - 3_600_000).toISOString();
const click = {
  type: 'click',
  message_id: 'm-1',
  user_id: 'ada',
  campaign_id: 'c',
  occurred_at: accepted_at,
};
const letter = (change: object) =>
  JSON.stringify({ format: QUEUED_FORMAT, tenant_id: 'acme', accepted_at, events: [click], ...change });

/** Puts letters into the local simulation of Workers KV, as the Worker does. */
async function put(folder: string, letters: readonly { key: string; value: string }[]) {
  const file = join(folder, 'letters.json');
  await writeFile(file, JSON.stringify(letters));
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  const where = ['--binding', 'DEAD_LETTERS', '--local', '--persist-to', folder];
  const options = { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } };
  await promisify(execFile)(process.execPath, [wrangler, 'kv', 'bulk', 'put', file, ...where], options);
}

test('what the queue could not hand over is listed, redriven with its own moment, and stays where it is refused again', async () => {
  const folder = await temporaryFolder();
  const log = openLog({ file: join(folder, 'log.db') });
  onTestFinished(() => log.close());
  const gateway = await startGateway({
    log,
    keys: await importKeys([KEY]),
    clock: Date.now,
    hostname: '127.0.0.1',
    port: 0,
  });
  onTestFinished(() => gateway.close());
  const [good, old] = [new Date(NOW), new Date(NOW + 1)].map((at, n) => deadLetterKey(at, `id-${n}`)) as [
    string,
    string,
  ];
  await put(folder, [
    { key: old, value: letter({ accepted_at: '2020-01-01T00:00:00Z' }) },
    { key: good, value: letter({}) },
  ]);
  process.env['GATEWAY_KEYS'] = JSON.stringify([KEY]);
  onTestFinished(() => {
    delete process.env['GATEWAY_KEYS'];
  });
  const run = (...args: string[]) => cli('queue', ...args, '--local', folder);

  const told = await run('redrive', good, old, '--gateway', gateway.url);
  expect(told.stdout).toBe('Handed over: 1; refused again: 1.\n');
  expect(told.stderr).toMatch(new RegExp(`^${old} stays: .*cannot come from the queue now`));
  expect(told.code).toBe(1);
  const { signal } = new AbortController();
  const ends = await log.ends(topics.events, signal);
  const partition = ends.findIndex((end) => end > 0);
  const [record] = await log.read({ topic: topics.events, partition, offset: 0 }, 9, signal);
  expect(ends.filter((end) => end > 0)).toEqual([1]);
  expect(JSON.parse(Buffer.from(record?.value ?? []).toString())).toMatchObject({
    tenant_id: 'acme',
    accepted_at,
    event: click,
  });
  expect((await run('list')).stdout).toBe(`${old}\n`);
  expect((await run('drop', old)).stdout).toBe('Dropped: 1.\n');
}, 120_000);
