import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Recommendations } from '#contract/recommendation.ts';
import { cli, startCli } from '../infra/support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const ANY_PORTS = ['--port', '0', '--origin-port', '0', '--gateway-port', '0'];

/** Does what the printed command says, without a shell. */
async function follow(curl: string): Promise<{ response: Response; answer: Recommendations }> {
  const [, authorization = '', url = ''] =
    /^curl -sS -H 'Authorization: ([^']+)' '([^']+)'$/.exec(curl) ?? [];
  const response = await fetch(url, { headers: { Authorization: authorization } });
  return { response, answer: (await response.json()) as Recommendations };
}

it('an empty folder is filled, a second instance refused, an import let in, and all stopped cleanly', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const instance = startCli('start', '--data', data, ...ANY_PORTS);
  await instance.line('Edgewise is ready');
  const curl = await instance.line('curl');

  const { response, answer } = await follow(curl);
  expect([response.status, answer.user_id, answer.items.length]).toEqual([200, 'ada', 10]);
  for (const { reasons } of answer.items) expect(reasons.length).toBeGreaterThan(0);
  expect((await follow(curl)).response.headers.get('Cache-Status')).toMatch(/^edgewise; hit/);

  const second = await cli('start', '--data', data, ...ANY_PORTS);
  expect([second.code, second.stdout]).toEqual([1, '']);
  expect(second.stderr).toMatch(/is in use by another process: stop that one first/);

  const campaigns = join(folder, 'campaigns.ndjson');
  await writeFile(campaigns, '{"campaign_id":"c-1","title":"One","text":"more"}\n');
  const imported = await cli('import', '--data', data, '--campaigns', campaigns);
  expect([imported.code, imported.stdout]).toEqual([0, 'accepted 0 events and 1 campaigns, refused 0\n']);

  instance.child.kill('SIGINT');
  expect(await instance.code()).toBe(0);
  expect(existsSync(join(data, 'run.json'))).toBe(false);
});

it('files of one’s own are imported first, and the command is for somebody they tell much of', async () => {
  const folder = await temporaryFolder();
  const [data, events, campaigns] = ['data', 'events.ndjson', 'campaigns.ndjson'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const lines = (all: object[]) => all.map((one) => `${JSON.stringify(one)}\n`).join('');
  const ids = Array.from({ length: 20 }, (_, at) => `c-${at}`);
  await writeFile(
    campaigns,
    lines(ids.map((campaign_id) => ({ campaign_id, title: campaign_id, text: 'about it' }))),
  );
  const clicks = ids.flatMap((campaign_id, at) =>
    [`someone-${at}`, ...(at < 8 ? ['|trey|'] : []), ...(at < 15 ? ['everything'] : [])].map((user_id) => ({
      message_id: `m-${at}`,
      user_id,
      type: 'click',
      campaign_id,
      occurred_at: `2016-01-01T00:00:${String(at).padStart(2, '0')}Z`,
    })),
  );
  await writeFile(events, lines(clicks));

  const files = ['--events', events, '--campaigns', campaigns, '--tenant', 'acme'];
  const instance = startCli('start', '--data', data, ...files, ...ANY_PORTS);
  const { response, answer } = await follow(await instance.line('curl'));
  expect([response.status, answer.user_id, answer.items.length]).toEqual([200, '|trey|', 10]);
  instance.child.kill('SIGTERM');
  expect(await instance.code()).toBe(0);

  const again = startCli('start', '--data', data, ...ANY_PORTS);
  expect((await follow(await again.line('curl'))).answer.user_id).toBe('|trey|');
  again.child.kill('SIGTERM');
  expect(await again.code()).toBe(0);
});

it('stopping it while it loads ends it cleanly, and the next start completes what was begun', async () => {
  const data = join(await temporaryFolder(), 'data');
  const first = startCli('start', '--data', data, ...ANY_PORTS);
  // There once the stack runs and loading has begun.
  await expect.poll(() => existsSync(join(data, 'state.json')), { timeout: 20_000 }).toBe(true);
  first.child.kill('SIGTERM');
  expect(await first.code()).toBe(0);

  const second = startCli('start', '--data', data, ...ANY_PORTS);
  const { answer } = await follow(await second.line('curl'));
  expect(answer.items).toHaveLength(10);
  expect(JSON.parse(await readFile(join(data, 'state.json'), 'utf8'))).toMatchObject({ filling: null });
  second.child.kill('SIGTERM');
  expect(await second.code()).toBe(0);
});
