import { expect, test, vi } from 'vitest';
import { openLog } from '#backing/log/embedded.ts';
import type { Log } from '#backing/log/port.ts';
import { readServed, type Served } from '#contract/served.ts';
import { topics } from '#contract/topics.ts';
import { openServeLog } from '../../origin/serve-log.ts';
import { did, openWorld, signal, topicsOfTalk } from './world.ts';

const row = (i = 0): Omit<Served, 'v'> => ({
  tenant_id: 'acme',
  user_id: `u-${i}`,
  recommendation_id: `r-${i}`,
  generated_at: '2026-11-01T10:00:00.000Z',
  placement: 'discover',
  placement_version: 0,
  model: 'weighted-sum-v2',
  degraded: [],
  exploration: 0,
  explored: false,
  sources: ['popular'],
  candidates: [{ id: 'c-1', score: 1, said: [1] }],
  answered: ['c-1'],
});

function opened(log: Pick<Log, 'append'>) {
  const told = { lost: 0, reports: [] as unknown[] };
  const report = (line: unknown) => void told.reports.push(line);
  const lost = (count: number) => {
    told.lost += count;
  };
  const serveLog = openServeLog({ log, report, lost });
  return { ...serveLog, told };
}

async function onLog(log: Log): Promise<Served[]> {
  const ends = await log.ends(topics.served, signal);
  const pages = await Promise.all(
    ends.map((_, partition) => log.read({ topic: topics.served, partition, offset: 0 }, 10_000, signal)),
  );
  return pages.flat().map(({ value }) => readServed(value) as Served);
}

test('what is answered comes to the log behind the answers, all of it by the time it is closed', async () => {
  const log = openLog({ file: ':memory:' });
  const { add, close, told } = opened(log);
  for (let i = 0; i < 1_203; i++) add(row(i));
  await close();
  expect((await onLog(log)).map(({ user_id }) => user_id).sort()).toEqual(
    Array.from({ length: 1_203 }, (_, i) => `u-${i}`).sort(),
  );
  expect((await onLog(log))[0]).toMatchObject({
    ...row(),
    user_id: expect.any(String),
    recommendation_id: expect.any(String),
  });
  expect(told).toEqual({ lost: 0, reports: [] });
  await log.close();
});

test('a log that fails loses what was to be written, says so once, and nobody waits', async () => {
  let down = true;
  const written: unknown[] = [];
  const { add, close, told } = opened({
    async append(_topic, messages) {
      if (down) throw new Error('down');
      written.push(...messages);
      return [];
    },
  });
  for (let i = 0; i < 1_000; i++) add(row(i));
  await vi.waitFor(() => expect(told.lost).toBe(1_000));
  expect(told.reports).toHaveLength(1);
  down = false;
  add(row());
  await close();
  expect(written).toHaveLength(1);
});

test('of what waits for a log that hangs there is a bound', async () => {
  let release = () => {};
  const hanging = new Promise<[]>((resolve) => {
    release = () => resolve([]);
  });
  const { add, close, told } = opened({ append: () => hanging });
  for (let i = 0; i < 20_000; i++) add(row(i));
  expect(told.lost).toBeGreaterThan(14_000);
  release();
  await close();
});

test('an answer that is made is told with what it was chosen from, and by which placement', async () => {
  const told: Omit<Served, 'v'>[] = [];
  const world = await openWorld('acme', { onServed: (served) => void told.push(served) });
  await world.campaigns(...topicsOfTalk);
  await world.events([
    did('click', 'bob', 'games'),
    did('click', 'eve', 'games'),
    did('click', 'eve', 'wifi'),
  ]);
  const { recommendation_id, ids } = await world.ask({ limit: 2 });
  expect(told).toHaveLength(1);
  const [served] = told as [Omit<Served, 'v'>];
  expect(served).toMatchObject({
    ...{ tenant_id: 'acme', user_id: 'ada', recommendation_id, answered: ids },
    ...{ placement: 'discover', placement_version: 0, exploration: 0, explored: false },
  });
  expect(served.candidates.map(({ id }) => id).slice(0, 2)).toEqual(ids);
  expect(served.candidates).toHaveLength(4);
  const popular = served.sources.indexOf('popular');
  expect(served.candidates[0]?.said[popular]).toBeGreaterThan(0);
});
