import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openRecords } from '../../infra/local/files/records.ts';
import { openRejects } from '../../infra/local/files/rejects.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { catchUp } from '../../infra/local/stack/catch-up.ts';
import { connect } from '../../infra/local/stack/connect.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';
import { dumpsOf } from './support/dumps.ts';
import { importInto } from './support/import-into.ts';
import { simulatedFiles } from './support/simulated-files.ts';

const NOW_MS = Date.parse('2026-10-01T12:00:00Z');
const signal = new AbortController().signal;
const click = (fields: object = {}) =>
  JSON.stringify({
    message_id: 'm-1',
    user_id: 'u-1',
    type: 'click',
    campaign_id: 'c-1',
    occurred_at: '2016-01-01T00:00:00Z',
    ...fields,
  });

it('the same file imported twice changes no dump', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const files = await simulatedFiles(folder, { seed: 3, now_ms: NOW_MS, conversations: 200, visits: 100 });
  const dumps = [];
  for (let time = 0; time < 2; time++) {
    const connection = await connect({ data, clock: Date.now });
    const { accepted, refused } = await importInto(connection, {
      campaigns: await openRecords(files.campaigns),
      events: await openRecords(files.events),
    });
    expect([accepted, refused]).toEqual([files.count, 0]);
    await catchUp({ read: connection.standing, progress: noProgress, signal });
    await connection.close();
    dumps.push(await dumpsOf(data));
  }
  expect(dumps[1]).toEqual(dumps[0]);
  expect(dumps[0]?.['vectors']?.length).toBeGreaterThan(500);
});

it('a refused line is told with file, line number and reason, and all others are accepted', async () => {
  const folder = await temporaryFolder();
  const [events, told] = [join(folder, 'events.ndjson'), join(folder, 'told.ndjson')];
  await writeFile(
    events,
    Buffer.concat(
      [
        click(),
        '',
        '{"broken',
        click({ message_id: 'a/b' }),
        click({ message_id: 'm-2', colour: 'red' }),
        click({ message_id: 'm-3', occurred_at: '2099-01-01T00:00:00Z' }),
        `"${'x'.repeat(300 * 1024)}"`,
        click({ message_id: 'm-4' }),
      ].map((line) => Buffer.from(`${line}\n`)),
    ),
  );
  const args = ['--events', events, '--data', join(folder, 'data'), '--rejects', told];
  const { code, stdout } = await cli('import', ...args);

  expect(stdout).toBe(`accepted 2 events and 0 campaigns, refused 5: ${told} says which lines and why\n`);
  expect(code).toBe(0);
  const lines = (await readFile(told, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ file, line, code, pointer }) => [file, line, code, pointer])).toEqual([
    [events, 3, 'malformed', null],
    [events, 4, 'invalid', '/message_id'],
    [events, 5, 'invalid', '/colour'],
    [events, 6, 'too_early', '/occurred_at'],
    [events, 7, 'malformed', null],
  ]);
  for (const { detail } of lines) expect(detail).toMatch(/\w+ \w+/);
});

it('an import of which nothing is accepted fails, and an import without refusals leaves no file of them', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const [bad, good] = [join(folder, 'bad.ndjson'), join(folder, 'good.ndjson')];
  await writeFile(bad, 'not json\n');
  await writeFile(good, click());
  expect(await cli('import', '--events', bad, '--data', data)).toMatchObject({ code: 1 });
  expect(await readFile(join(data, 'rejected.ndjson'), 'utf8')).toContain('"line":1');
  expect(await cli('import', '--events', good, '--data', data)).toMatchObject({
    code: 0,
    stdout: 'accepted 1 events and 0 campaigns, refused 0\n',
  });
  await expect(readFile(join(data, 'rejected.ndjson'))).rejects.toThrow('ENOENT');
});

it('the file of refusals cannot be one that is to be imported', async () => {
  const events = join(await temporaryFolder(), 'events.ndjson');
  await writeFile(events, click());
  const { code, stderr } = await cli(
    'import',
    '--events',
    events,
    '--rejects',
    events,
    '--data',
    `${events}.data`,
  );
  expect([code, stderr]).toEqual([1, '--rejects names a file that is to be imported: name another\n']);
  expect(await readFile(events, 'utf8')).toBe(click());
});

/** A gateway that gives these answers, one after the other. */
async function gatewayOf(...answers: { status: number; body: object }[]) {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    const { status, body } = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { bodies, gateway_url: `http://127.0.0.1:${port}`, keys: await readKeys(await temporaryFolder()) };
}

async function oneEvent() {
  const path = join(await temporaryFolder(), 'events.ndjson');
  await writeFile(path, `${click()}\n`);
  return openRecords(path);
}

it('what an overloaded gateway did not take is sent again', async () => {
  const gateway = await gatewayOf(
    { status: 503, body: { detail: 'Too much at once' } },
    { status: 202, body: { accepted: 1, rejected: [] } },
  );
  expect(await importInto(gateway, { events: await oneEvent() })).toMatchObject({ accepted: 1, refused: 0 });
  expect(gateway.bodies).toEqual([`${click()}\n`, `${click()}\n`]);
});

it('a gateway that runs on another data folder is told in a sentence', async () => {
  const gateway = await gatewayOf({ status: 401, body: {} });
  await expect(importInto(gateway, { events: await oneEvent() })).rejects.toThrow(
    /it runs on another data folder/,
  );
});

it('refusals of an earlier import are not left to be taken for those of this one', async () => {
  const path = join(await temporaryFolder(), 'rejected.ndjson');
  await writeFile(path, 'old');
  openRejects(path);
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});
