import { expect, onTestFinished, test, vi } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openMilvusVectors } from '#backing/vectors/milvus.ts';
import { groups, topics } from '#contract/topics.ts';
import { milvus } from '../../infra/services/milvus.ts';
import { runViews, type ViewFailure } from '../../ingest/views/run-views.ts';
import type { View } from '../../ingest/views/view.ts';
import { never, openWorld, recordOf, runToEnd, viewsOf, type World } from '../ingest/small-world.ts';
import { collect } from '../support/dump.ts';
import { type OwnService, ownService } from './own-service.ts';

const MESSAGES = 900;
const READ = [topics.events];
const SOON = { timeout: 60_000, interval: 5 };

/** A log on which people have said things in two months, so that their vectors stand in two collections. */
async function talkative(): Promise<World> {
  const world = openWorld();
  const records = Array.from({ length: MESSAGES }, (_, at) =>
    recordOf({
      type: 'message',
      user_id: `u-${at % 37}`,
      message_id: `m-${at}`,
      text: `printer ${at % 11} wifi ${at} suspend`,
      occurred_at: `2026-${at % 2 ? '10' : '08'}-01T10:00:00.000Z`,
    }),
  );
  await world.log.append(topics.events, records, never);
  return world;
}

async function dumpAfterCleanPass(): Promise<string[]> {
  const world = await talkative();
  expect(await runToEnd(world, {}, [groups.embeddings])).toEqual([]);
  const lines = await collect(world.stores.vectors.dump());
  expect(lines).toHaveLength(MESSAGES);
  return lines;
}

/** A view of vectors in a Milvus of its own, and a log for it to read. */
async function setUp(server: OwnService) {
  const vectors = await openMilvusVectors({
    address: server.env['MILVUS_ADDRESS'] as string,
    prefix: 'own',
    history_before: '2026-09',
    partitions: 2,
    clock: Date.now,
    report: () => {},
  });
  onTestFinished(() => vectors.close());
  const world = await talkative();
  const [, embeddings] = viewsOf({ ...world.stores, log: world.log, vectors });
  const view: View = { ...embeddings, max_records: 20 };
  const failures: ViewFailure[] = [];
  const { log, clock, stores } = world;
  const onError = (failure: ViewFailure) => void failures.push(failure);
  const run = (one: View) => runViews([one], { log, clock, answers: stores.answers, members: 3, onError });
  const committed = async () =>
    (await log.committed(view.group, topics.events, never)).reduce((a, b) => a + b);
  const dump = () => collect(vectors.dump());
  return { world, view, run, committed, dump, failures };
}

/*
 * Milvus keeps what it has acknowledged in a log of its own. Milvus Lite does not: killed, and now and then even when
 * it is stopped in order, it comes back without rows that it acknowledged, and nobody is told. So of it only this
 * holds: what is not committed yet is written again, and a replay from the log brings back the rest.
 */
test.for(['SIGKILL', 'SIGTERM'] as const)(
  'a Milvus ended by %s in mid-write: the view goes on by itself, and a replay of the log brings back all that the server lost',
  async (by, { skip }) => {
    const server = await ownService(milvus, skip);
    const { world, view, run, committed, dump, failures } = await setUp(server);
    const running = await run(view);
    let before = 0;
    for (const reached of [100, 400]) {
      await vi.waitFor(async () => expect(await committed()).toBeGreaterThan(reached), SOON);
      await server.end(by);
      before = await committed();
      expect(before).toBeLessThan(MESSAGES);
      await server.start();
    }
    await caughtUp(world.log, view.group, READ, never);
    await running.close();
    for (const { error } of failures)
      expect(error).toMatchObject({ code: expect.stringMatching(/^vectors_/), retryable: true });

    const clean = await dumpAfterCleanPass();
    const kept = await dump();
    expect(clean).toEqual(expect.arrayContaining(kept));
    // All that was committed since the server came back.
    expect(kept.length).toBeGreaterThanOrEqual(MESSAGES - before);
    console.info(`${clean.length - kept.length} of ${before} rows acknowledged before ${by} were lost`);

    const replay = { ...view, group: 'replay' };
    const replaying = await run(replay);
    await caughtUp(world.log, replay.group, READ, never);
    await replaying.close();
    expect(await dump()).toEqual(clean);
  },
);
