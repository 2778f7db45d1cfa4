import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Archive } from '#backing/archive/port.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { topics, type ViewName, viewNames } from '#contract/topics.ts';
import { rebuild } from '../../infra/local/rebuild/rebuild.ts';
import { finish, rollBack } from '../../infra/local/rebuild/switch.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';
import { breaking, runningViews } from './support/rebuilding.ts';

const { signal } = new AbortController();
const asked = { from: 'archive', accept_differences: false } as const;
const FILES = { counters: 'views', embeddings: 'vectors', graph: 'graph' } as const;

const embeddedIn = (DATA: string) => readPorts(['gateway', 'views', 'origin'], {}, { ...ALL_EMBEDDED, DATA });

async function world() {
  const folder = await temporaryFolder();
  return { folder, ...(await runningViews(embeddedIn(folder))) };
}

describe.each(viewNames)('a rebuild of %s', (view: ViewName) => {
  test('from the archive it is as the live one, while events keep arriving, and the way back is the same', async () => {
    const { append, archived, whileEventsArrive, rebuilding, dumps, ports, failures, folder } = await world();
    await append(150);
    await archived();
    const on = rebuilding(view);
    const tenant = { tenant_id: 'acme', user_id: null };
    const [before] = [await ports.answers.get(tenant, 'k', signal)];

    const state = await whileEventsArrive(() => rebuild(on, asked));
    expect(state).toMatchObject({ serving: 2, beside: 1, keeps_up: true });
    expect((await ports.answers.get(tenant, 'k', signal)).epochs.tenant).toBeGreaterThan(
      before.epochs.tenant,
    );
    const [old, made] = await dumps(on, 1, 2);
    expect(Object.values(made ?? {}).flat().length).toBeGreaterThan(50);
    expect(made).toEqual(old);

    const back = await whileEventsArrive(() => rollBack(on));
    expect(back).toMatchObject({ serving: 1, beside: 2, keeps_up: true });
    await expect(rollBack(on)).rejects.toMatchObject({ code: 'not_now' });
    const again = await whileEventsArrive(() => rebuild(on, asked));
    expect(again).toMatchObject({ serving: 2, beside: 1 });

    const [all] = await dumps(on, 2);
    expect(await finish(on)).toMatchObject({ serving: 2, beside: null, keeps_up: false });
    expect(existsSync(join(folder, `${FILES[view]}.db`))).toBe(view === 'counters');
    expect((await dumps(on, 2))[0]).toEqual(all);
    await append(20);
    const grown = Object.values((await dumps(on, 2))[0] ?? {}).flat();
    expect(grown.length).toBeGreaterThan(Object.values(all ?? {}).flat().length);
    expect(failures).toEqual([]);
  });

  test('cut off anywhere it is started again, goes on from there, and ends the same', async () => {
    const { append, archived, rebuilding, dumps, ports } = await world();
    await append(600);
    await archived();
    let [replayed, whole] = [0, 0];
    for await (const partition of ports.archive.partitions(signal))
      for await (const _ of ports.archive.records(partition, signal)) whole++;
    for (const after of [0, 900]) {
      const on = rebuilding(view, { archive: breaking(ports.archive, after) });
      await expect(rebuild(on, asked)).rejects.toThrow('cut off');
      expect(await on.viewVersions.read(view, signal)).toMatchObject({
        serving: 1,
        beside: 2,
        keeps_up: false,
      });
    }
    const counting: Archive = {
      ...ports.archive,
      async *records(stretch, s) {
        for await (const record of ports.archive.records(stretch, s)) {
          replayed++;
          yield record;
        }
      },
    };
    const on = rebuilding(view, { archive: counting });
    await rebuild(on, asked);
    expect(replayed).toBeLessThan(whole);
    const [old, made] = await dumps(on, 1, 2);
    expect(made).toEqual(old);
  });
});

test.each(viewNames)('whoever was forgotten is so in a version of %s that is made anew', async (view) => {
  const { append, leave, archived, rebuilding, dumps } = await world();
  const on = rebuilding(view);
  await append(120);
  await dumps(on, 1);
  await leave();
  await archived();
  expect(await rebuild(on, asked)).toMatchObject({ serving: 2 });
  const [old, made] = await dumps(on, 1, 2);
  const uncounted = (dumped: Record<string, string[]> = {}) =>
    Object.values(dumped)
      .flat()
      .filter((line) => !/^\["(daily|ten|answered|forgotten)"/.test(line));
  expect(uncounted(made)).toEqual(uncounted(old));
  const lines = Object.values(made ?? {}).flat();
  expect(lines.filter((line) => line.startsWith('["forgotten"')).length).toBeGreaterThan(2);
  expect(lines.filter((line) => line.includes('"user-1"'))).toEqual([]);
});

test('from the log alone it is the same, where the log has it all', async () => {
  const { append, rebuilding, dumps } = await world();
  await append(50);
  const on = rebuilding('graph');
  expect(await rebuild(on, { ...asked, from: 'log' })).toMatchObject({ serving: 2 });
  const [old, made] = await dumps(on, 1, 2);
  expect(made).toEqual(old);
});

test('what the log no longer holds and no archive has is told, and nothing is begun', async () => {
  const { append, rebuilding, ports } = await world();
  await append(50);
  const { log } = ports;
  const trimmed = { ...log, starts: async () => Array.from({ length: 8 }, () => 1) };
  const on = rebuilding('graph', { log: trimmed });
  await expect(rebuild(on, { ...asked, from: 'log' })).rejects.toMatchObject({ code: 'history_lost' });
  expect(await on.viewVersions.read('graph', signal)).toMatchObject({ revision: 0 });
});

test('a version that differs is not switched to, unless that is asked for: so a store that lost rows is mended', async () => {
  const { append, archived, rebuilding, ports, dumps } = await world();
  await append(60);
  await archived();
  const on = rebuilding('counters');
  await dumps(on, 1);
  const { counters } = ports.relational;
  const envelope = {
    v: 1,
    kind: 'event',
    tenant_id: 'acme',
    accepted_at: '2026-11-01T10:00:00.000Z',
    event: {
      type: 'click',
      message_id: 'from nowhere',
      user_id: 'nobody',
      campaign_id: 'campaign-1',
      occurred_at: '2026-10-01T10:00:00.000Z',
      locale: null,
    },
  };
  await counters.apply([{ envelope: envelope as never, imported: false }], signal);
  const differing = rebuild(on, asked);
  await expect(differing).rejects.toMatchObject({ code: 'versions_differ' });
  await expect(differing).rejects.toThrow('nobody');
  expect(await on.viewVersions.read('counters', signal)).toMatchObject({ serving: 1, beside: 2 });
  const said: string[] = [];
  const state = await rebuild(
    { ...on, say: (line) => void said.push(line) },
    { ...asked, accept_differences: true },
  );
  expect(state).toMatchObject({ serving: 2, beside: 1 });
  expect(said.join('\n')).toContain('nobody');
  expect(await ports.relational.counters.daily('acme', '2026-10-01', '2026-10-01', signal)).not.toEqual(
    await (await ports.viewStores.open('counters', 1)).counters.daily(
      'acme',
      '2026-10-01',
      '2026-10-01',
      signal,
    ),
  );
});

test('there is no way back to a version that missed what has left the log since', async () => {
  const { folder, append, archived, rebuilding, dumps, close } = await world();
  await append(50);
  await archived();
  await rebuild(rebuilding('graph'), asked);
  await dumps(rebuilding('graph'), 1, 2);
  await close();

  const later_ms = Date.now() + 8 * 24 * 3600_000;
  const forget = { report: () => {}, every_ms: 1 };
  const log = openLog({ file: join(folder, 'log.db'), clock: () => later_ms, forget });
  const more = Array.from({ length: 200 }, (_, at) => ({ key: `key ${at}`, value: new Uint8Array(1) }));
  await log.append(topics.events, more, signal);
  const [group, onError] = ['counters', () => {}];
  await log.consume({ group, topics: [topics.events], max_records: 100, onError, async handle() {} });
  await caughtUp(log, group, [topics.events], signal);
  await log.close();
  const muchLater = openLog({ file: join(folder, 'log.db'), clock: () => 2 * later_ms, forget });
  await muchLater.consume({ group, topics: [topics.events], max_records: 100, onError, async handle() {} });
  const ends = await muchLater.ends(topics.events, signal);
  await vi.waitFor(async () => expect(await muchLater.starts(topics.events, signal)).toEqual(ends));
  await muchLater.close();

  const { code, stderr } = await cli('rebuild', '--view', 'graph', '--data', folder, '--rollback');
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The log of events\/\d begins at/),
  });
});

test('after a finished rebuild the folder is opened with the version that serves', async () => {
  const first = await world();
  await first.append(40);
  await first.archived();
  for (const view of viewNames) {
    const on = first.rebuilding(view);
    await rebuild(on, asked);
    await finish(on);
  }
  const [before] = await first.dumps(first.rebuilding('counters'), 2);
  await first.close();
  const second = await runningViews(embeddedIn(first.folder));
  expect(second.ports.viewStores.states().map(({ serving }) => serving)).toEqual([2, 2, 2]);
  expect((await second.dumps(second.rebuilding('counters'), 2))[0]).toEqual(before);
});
