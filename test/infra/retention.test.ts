import { describe, expect, test } from 'vitest';
import { openPorts } from '#backing/open/open-ports.ts';
import { groupOf, topics, viewNames } from '#contract/topics.ts';
import { embeddedIn } from '../../infra/local/folder/embedded-in.ts';
import { rebuild } from '../../infra/local/rebuild/rebuild.ts';
import { retain } from '../../infra/local/retention/retain.ts';
import { oldAt, USUAL } from '../../infra/local/retention/rules.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cli } from './support/cli.ts';
import { DAY_MS, NOW_MS, said } from './support/old-events.ts';
import { runningViews } from './support/rebuilding.ts';

const { signal } = new AbortController();
test('what is old goes, and of every version that is kept up; nothing within 30 days of its acceptance, and none twice', async () => {
  const folder = await temporaryFolder();
  const { ports, rebuilding, dumps, close } = await runningViews(embeddedIn(folder));
  const { log, viewStores } = ports;
  await log.append(
    topics.events,
    [...said('old', 800, 790), ...said('recent', 100, 29), ...said('new', 1, 1)],
    signal,
  );
  await log.append(topics.imports, said('imported', 800, 29), signal);
  for (const view of viewNames) await dumps(rebuilding(view), 1);
  await rebuild(rebuilding('graph'), { from: 'log', accept_differences: false });
  await dumps(rebuilding('graph'), 1, 2);

  const all = async () => {
    const lines: Record<string, string[]> = {};
    for (const { view, serving, beside } of viewStores.states())
      for (const version of beside === null ? [serving] : [serving, beside]) {
        const [dumped] = await dumps(rebuilding(view), version);
        lines[groupOf(view, version)] = Object.values(dumped ?? {}).flat();
      }
    return lines;
  };
  const before = await all();
  const on = { kept: USUAL, now_ms: NOW_MS, log, viewStores, signal };
  const dry = await retain({ ...on, dry_run: true });
  expect(await all()).toEqual(before);
  const graph = { 'edges "answered"': 0, 'edges "engaged"': 1, 'edges "replied"': 1, 'edges "wrote"': 1 };
  // The month of `old` holds what was imported lately as well, and goes as a whole or not at all.
  expect(dry).toEqual([
    { view: 'counters', version: 1, gone: { identities: 2, 'counts by ten minutes': 0 } },
    { view: 'embeddings', version: 1, gone: {} },
    { view: 'graph', version: 2, gone: graph },
    { view: 'graph', version: 1, gone: graph },
  ]);
  expect(await retain({ ...on, dry_run: false })).toEqual(dry);
  const after = await all();
  expect(after).not.toEqual(before);
  expect(after['graph']).toEqual(after['graph_r2']);
  const aboutRecent = (lines: Record<string, string[]>) =>
    Object.values(lines)
      .flat()
      .filter((line) => /"(recent|new|imported)"|"daily"/.test(line));
  expect(aboutRecent(after)).toEqual(aboutRecent(before));
  expect(
    Object.values(await retain({ ...on, dry_run: false }))
      .flatMap(({ gone }) => Object.values(gone))
      .some(Boolean),
  ).toBe(false);
  expect(await all()).toEqual(after);

  const later = { ...on, now_ms: NOW_MS + 2 * DAY_MS, dry_run: false };
  const [, embeddings] = await retain(later);
  expect(Object.values(embeddings?.gone ?? {})).toEqual([2]);
  await close();
});

test('a rebuild brings back what went, and is not switched to until that has gone from it too', async () => {
  const { ports, rebuilding, dumps } = await runningViews(embeddedIn(await temporaryFolder()));
  const { log, viewStores } = ports;
  await log.append(topics.events, [...said('old', 800, 790), ...said('new', 1, 1)], signal);
  for (const view of viewNames) await dumps(rebuilding(view), 1);
  const on = { kept: USUAL, now_ms: NOW_MS, log, viewStores, signal, dry_run: false };
  await retain(on);
  for (const view of viewNames) {
    const again = () => rebuild(rebuilding(view), { from: 'log', accept_differences: false });
    await expect(again()).rejects.toThrow('Where retention took these from the old one, run it again');
    await viewStores.refresh();
    await retain(on);
    expect(await again()).toMatchObject({ serving: 2, beside: 1 });
    const [old, made] = await dumps(rebuilding(view), 1, 2);
    expect(made).toEqual(old);
  }
});

test('while an import has not reached a view nothing goes', async () => {
  const folder = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const means = { clock: () => NOW_MS, report: () => {}, application: 'test' };
  const { log, viewStores } = await openPorts<'views'>(stack, embeddedIn(folder), means);
  await log.append(topics.imports, said('imported', 800, 0), signal);
  const on = { kept: USUAL, now_ms: NOW_MS, log, viewStores, signal, dry_run: false };
  await expect(retain(on)).rejects.toThrow('An import has not yet reached version 1 of counters');
});

describe('what is asked for', () => {
  test.each([
    ['accepted_days', 29],
    ['message_months', 2],
    ['edge_days', 30],
    ['identity_days', 90],
    ['ten_days', 119],
    ['edge_days', Number.NaN],
  ] as const)('%s is refused at %d, in a sentence', (name, value) => {
    expect(() => oldAt(NOW_MS, { ...USUAL, [name]: value })).toThrow(/^--\w+-\w+ should be a whole number/);
  });

  test('is refused by the command as well, and an empty folder has nothing old', async () => {
    const folder = await temporaryFolder();
    const refused = await cli('retention', '--data', folder, '--identity-days', '90');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.trim()).toBe('--identity-days should be a whole number, and no less than 91');
    const { code, stdout } = await cli('retention', '--data', folder, '--dry-run');
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: viewNames.map((view) => `${view}, version 1: nothing is old`),
    });
  });
});
