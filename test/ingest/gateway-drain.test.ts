import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openFolder } from '#backing/folder.ts';
import { openLog } from '#backing/log/embedded.ts';
import { readEvent } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startTier } from '../support/tier.ts';
import { keepPosting, SIGNING_KEY } from './posting.ts';
import { allRecords } from './signed-requests.ts';

test('SIGTERM in mid-load: the gateway ends in order, and every event that it acknowledged stands on the log', async () => {
  const data = await temporaryFolder();
  const keys = JSON.stringify([SIGNING_KEY]);
  const embedded = ['LOG', 'RELATIONAL', 'VECTORS', 'GRAPH', 'ANSWERS', 'KEY_STORE', 'ARCHIVE'];
  const env = {
    ...Object.fromEntries(embedded.map((name) => [name, 'embedded'])),
    ORIGIN_KEYS: keys,
    GATEWAY_KEYS: keys,
    KEY_PEPPERS: keys,
    OPERATIONS_PORT: '0',
    PORT: '0',
    DATA: data,
  };
  const { child, urlOf } = await startTier(['infra/local/main.ts', 'gateway', 'views', 'origin'], env, 3);
  const posting = await keepPosting(urlOf('gateway'), 8);
  await posting.until(300);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  const { acknowledged, answers } = await posting.end();
  expect([...answers].filter((status) => ![202, 503].includes(status))).toEqual([]);

  const folder = openFolder(data);
  const log = openLog({ file: folder.path('log.db') });
  const records = await allRecords(log, topics.events);
  await log.close();
  folder.close();
  const there = new Set(records.map(({ value }) => readEvent(value).event.message_id));
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
});
