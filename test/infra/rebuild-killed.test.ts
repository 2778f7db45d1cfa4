import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { type ViewName, viewNames } from '#contract/topics.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli, startCli } from './support/cli.ts';
import { runningViews } from './support/rebuilding.ts';

const opened = (DATA: string) =>
  runningViews(readPorts(['gateway', 'views', 'origin'], {}, { ...ALL_EMBEDDED, DATA }));

type Row = { beside: number | null; keeps_up: number } | undefined;
const begun = (row: Row) => row?.beside === 2;
const filled = (row: Row) => row?.keeps_up === 1;
/** When it is killed: once its row says so, and so many ms later. */
const moments = [
  [begun, 0],
  [begun, 30],
  [filled, 0],
] as const;

test.each(viewNames)(
  'the command that rebuilds %s, killed -9 three times, goes on and ends with what the live version has',
  async (view: ViewName) => {
    const folder = await temporaryFolder();
    const before = await opened(folder);
    await before.append(600);
    await before.archived();
    const [live] = await before.dumps(before.rebuilding(view), 1);
    await before.close();

    const asked = ['rebuild', '--view', view, '--data', folder];
    const switches = new DatabaseSync(join(folder, 'views.db'), { readOnly: true });
    const row = switches.prepare('SELECT beside, keeps_up FROM view_versions WHERE view = ?');
    for (const [isThere, later_ms] of moments) {
      const { child, code } = startCli(...asked);
      while (child.exitCode === null && !isThere(row.get(view) as Row)) await sleep(1);
      await sleep(later_ms);
      child.kill('SIGKILL');
      // Null: it was killed before it came to its end.
      expect(await code()).toBe(null);
    }
    switches.close();
    const { code, stderr } = await cli(...asked);
    expect({ code, stderr }).toMatchObject({ code: 0 });

    const after = await opened(folder);
    const on = after.rebuilding(view);
    expect(await on.viewVersions.read(view, on.signal)).toMatchObject({ serving: 2, beside: 1, newest: 2 });
    const [old, made] = await after.dumps(on, 1, 2);
    expect(old).toEqual(live);
    expect(Object.values(made ?? {}).flat().length).toBeGreaterThan(100);
    expect(made).toEqual(old);
  },
  60_000,
);
