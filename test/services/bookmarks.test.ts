import { expect, onTestFinished, test } from 'vitest';
import { openKafkaBeside } from '#backing/log/kafka.ts';
import { topics } from '#contract/topics.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import { neverBefore } from '../origin/never-before.ts';
import { onService } from './on-service.ts';
import { newPrefix, openTestLog, testOptions } from './support-kafka.ts';

const { signal } = new AbortController();

onService({ name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' }, (addresses) => {
  const brokers = addresses.split(',');
  const prefix = newPrefix(brokers);

  test('a bookmark never reads before its write on Kafka, asked by who is in no group', async () => {
    const { log } = await openTestLog(testOptions(brokers, prefix));
    const progress = openKafkaBeside(testOptions(brokers, prefix));
    onTestFinished(() => progress.close());
    const steps = [{ write: 20 }, { view: 0 }, { write: 3 }, { view: 1 }, { view: 2 }, { write: 5 }];
    await neverBefore(log, progress, steps, { wait_ms: 100, settle_ms: 60_000 });
  });

  test('without brokers a bookmark is given up on, and whoever asks is not held up', async () => {
    const progress = openKafkaBeside(testOptions(['127.0.0.1:9'], prefix));
    onTestFinished(() => progress.close());
    const reports: unknown[] = [];
    const report = (line: unknown) => void reports.push(line);
    const { reached } = openBookmarks({ progress, clock: Date.now, report, wait_ms: 30_000 });
    expect(await reached([[topics.events, 0, 0]], 60_000, signal)).toBe(false);
    expect(reports).toHaveLength(1);
  });
});
