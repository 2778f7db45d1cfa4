import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { openFolder } from '#backing/folder.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';

/** A failure that somebody can mend: one sentence, no stack, exit 1. */
async function expectSentence(args: string[], sentence: RegExp): Promise<void> {
  const { code, stdout, stderr } = await cli(...args);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}

it('each command has help with examples', async () => {
  for (const command of ['start', 'token', 'import', 'embeddings', 'keys']) {
    const { code, stdout } = await cli(command, '--help');
    expect(stdout).toMatch(/Examples?:\n {2}npm /);
    expect(code).toBe(0);
  }
});

it.each<[string[], RegExp]>([
  [['tokn'], /unknown command 'tokn'\n\(Did you mean token\?\)/],
  [['import', '--evnts', 'x'], /unknown option '--evnts'\n\(Did you mean --events\?\)/],
  [['import'], /^Name what to import: --events FILE, --campaigns FILE, or both\n$/],
  [['start', '--port', '99999'], /A port is a whole number from 0 to 65535/],
  [['start', '--now', 'yesterday'], /A moment is RFC 3339 with a zone/],
  [['embeddings', 'switch', '--tenant', 'demo'], /required option '--to <version>' not specified/],
  [['token', '--tenant', 'demo'], /required option '--user <user>' not specified/],
  [['token', '--tenant', 'Demo', '--user', 'u'], /A tenant is 1 to 63 of a-z, 0-9 and "-"/],
  [['token', '--tenant', 'demo', '--user', 'a b'], /An id is 1 to 128 printable ASCII characters/],
  [['token', '--tenant', 'demo', '--user', 'u', '--expires', '25h'], /from 1s to 24h/],
  [
    ['token', '--tenant', 'demo', '--user', 'u', '--scope', 'events:read'],
    /no scope "events:read"; there are: /,
  ],
  [
    ['keys', 'create', '--tenant', 'demo', '--scope', 'admin'],
    /required option '--name <name>' not specified/,
  ],
  [['keys', 'revoke', 'k-1', '--tenant', 'demo'], /A key id is 16 of 0-9 and a-f/],
  [['keys', 'list', '--tenant', 'demo', '--origin', 'http://127.0.0.1:9'], /ORIGIN_KEYS should be JSON/],
])('%j is refused with a sentence that says what to do', async (args, sentence) => {
  await expectSentence(args, sentence);
});

it('token prints the token alone on the standard output', async () => {
  const data = await temporaryFolder();
  const { code, stdout } = await cli('token', '--tenant', 'demo', '--user', '|trey|', '--data', data);
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(code).toBe(0);
});

it('a folder with other things in it is left alone, even with --fresh', async () => {
  const data = await temporaryFolder();
  await writeFile(join(data, 'photo.jpg'), 'precious');
  for (const args of [
    ['start', '--fresh'],
    ['start'],
    ['import', '--events', 'x'],
    ['token', '--tenant', 't', '--user', 'u'],
  ]) {
    await expectSentence([...args, '--data', data], /holds "photo.jpg", which is not Edgewise's/);
  }
  expect(await readdir(data)).toEqual(['photo.jpg']);
});

it('a broken file costs nothing that is there, and begins nothing', async () => {
  const folder = await temporaryFolder();
  const [data, broken] = [join(folder, 'data'), join(folder, 'events.ndjson.gz')];
  await writeFile(broken, gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40));
  await mkdir(data);
  await writeFile(join(data, 'log.db'), 'what was there');
  await expectSentence(['start', '--fresh', '--data', data, '--events', broken], /is cut short/);
  expect(await readdir(data)).toEqual(['log.db']);

  const other = join(folder, 'other');
  await expectSentence(['import', '--data', other, '--events', broken], /is cut short/);
  expect(existsSync(other)).toBe(false);
});

it('a folder that another process has open is told in a sentence', async () => {
  const folder = await temporaryFolder();
  const [data, events] = [join(folder, 'data'), join(folder, 'events.ndjson')];
  await writeFile(events, '{}\n');
  const held = openFolder(data);
  onTestFinished(() => held.close());
  await expectSentence(['start', '--data', data], /is in use by another process: stop that one first/);
  await expectSentence(['import', '--data', data, '--events', events], /is in use by another process/);
});

it('a port that is taken is told in a sentence, with the option to choose another, and --fresh has emptied nothing', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const data = await temporaryFolder();
  await writeFile(join(data, 'rejected.ndjson'), '');
  for (const option of ['--port', '--origin-port', '--gateway-port']) {
    const ports = ['--port', '0', '--origin-port', '0', '--gateway-port', '0', option, String(port)];
    const sentence = new RegExp(`Port ${port} on 127.0.0.1 is taken: .* choose another with ${option}\n`);
    await expectSentence(['start', '--fresh', '--data', data, ...ports], sentence);
  }
  expect(await readdir(data)).toContain('rejected.ndjson');
});

it('a failure shows where it arose when asked to', async () => {
  expect((await cli('import', '--verbose')).stderr).toMatch(/Name what to import.*\n\s+at /);
});

it('API keys are made, rotated and revoked on a folder, each shown once and alone', async () => {
  const where = ['--tenant', 'demo', '--data', await temporaryFolder()];
  const made = await cli('keys', 'create', ...where, '--name', 'a server', '--scope', 'events:write');
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^ew_[a-f0-9]{16}_[\w-]{43}\n$/)]);
  const key_id = made.stdout.slice(3, 19);
  expect(made.stderr).toMatch(new RegExp(`^${key_id} {2}a server {2}events:write {2}holds until`));
  expect(made.stderr).not.toContain(made.stdout.trim());

  const rotated = await cli('keys', 'rotate', key_id, ...where, '--overlap', '1h');
  expect(rotated.stdout).toMatch(/^ew_/);
  const next_id = rotated.stdout.slice(3, 19);
  expect((await cli('keys', 'revoke', next_id, ...where)).stdout).toMatch(/ {2}revoked 20/);

  const { stdout } = await cli('keys', 'list', ...where);
  const lines = stdout.trim().split('\n');
  expect(lines.find((line) => line.startsWith(key_id))).toMatch(/ {2}expires 20/);
  expect(lines.find((line) => line.startsWith(next_id))).toMatch(/ {2}revoked 20/);
  expect(lines.length).toBe(2);

  const other = where.with(1, 'other');
  await expectSentence(['keys', 'revoke', key_id, ...other], /There is no such API key/);
});
