import type { Meter } from '@opentelemetry/api';
import type { Answers } from '#backing/answers/port.ts';
import type { Archive } from '#backing/archive/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import { errorFields, toStderr } from '#backing/http/report.ts';
import type { Log } from '#backing/log/port.ts';
import type { ViewStores } from '#backing/open/view-stores.ts';
import type { Traces } from '#backing/telemetry/traces.ts';
import type { Clock } from '#contract/clock.ts';
import { groupOf, type ViewName, viewNames, viewTopics } from '#contract/topics.ts';
import { keepFinishing } from './deletions/keep-finishing.ts';
import { keepReconciling } from './reconcile/keep-reconciling.ts';
import { MOST_BETWEEN_MS, SETTLE_MS } from './start.ts';
import { answeringView, type ViewPorts } from './views/answering.ts';
import { archiveView } from './views/archive.ts';
import { type Running, type RunOptions, reportFailure, runViews } from './views/run-views.ts';
import type { View } from './views/view.ts';

export type VersionsOptions = {
  viewStores: ViewStores;
  log: Log;
  answers: Answers;
  embedders: Embedders;
  deletions: Deletions;
  /** Where there is none, nothing is archived. */
  archive?: Archive;
  clock: Clock;
  onError?: RunOptions['onError'];
  /** How often the campaign vectors are compared with the catalogue. */
  reconcile_ms?: number;
  meter?: Meter;
  traces?: Traces | undefined;
};

/**
 * Runs each version of each view that is to be kept up, as the rows say: what serves, and what is beside it once it
 * can follow the log. A version that they name from then on is run within a second or two, and one that they no
 * longer name ends with the batch at hand. `close` ends them all.
 */
export async function startVersions({
  viewStores,
  log,
  answers,
  embedders,
  deletions,
  archive,
  clock,
  onError = reportFailure(toStderr),
  reconcile_ms,
  meter,
  traces,
}: VersionsOptions): Promise<Running> {
  const running = new Map<string, Running & { name: ViewName; view: View }>();
  const options = { log, answers, clock, members: 1, onError, traces, ...(meter && { meter }) };

  async function run(name: ViewName, version: number): Promise<void> {
    const opened = await viewStores.open(name, version);
    const store = (name === 'counters' ? { ...opened, deletions } : opened) as ViewPorts[ViewName];
    const view = answeringView({ view: name, version }, store, { embedders, meter, traces });
    running.set(view.group, { name, view, ...(await runViews([view], options)) });
  }
  const versionsOf = (name: string) => [...running.values()].filter((one) => one.name === name);

  /** All versions of a view as one, which has forgotten somebody when each of them has. */
  const together = (name: ViewName): View => ({
    group: name,
    topics: viewTopics,
    max_records: 1,
    async write() {},
    async forget(people, signal) {
      for (const { view } of versionsOf(name)) await view.forget(people, signal);
    },
  });
  /** How far the one is of them that is least far. */
  const committed: Log['committed'] = async (group, topic, signal) => {
    const groups = versionsOf(group).map(({ view }) => view.group);
    const [first = [], ...others] = await Promise.all(
      (groups.length > 0 ? groups : [group]).map((one) => log.committed(one, topic, signal)),
    );
    return first.map((offset, partition) => Math.min(offset, ...others.map((each) => each[partition] ?? 0)));
  };

  const archiving = archive ? archiveView({ archive, log, deletions, meter, traces }) : null;
  const archived = archiving && (await runViews([archiving], options));

  const unwatch = await viewStores.watch(async (states) => {
    const wanted = new Map(
      states.flatMap(({ view, serving, beside, keeps_up }) =>
        [serving, ...(keeps_up && beside !== null ? [beside] : [])].map((version) => [
          groupOf(view, version),
          { view, version },
        ]),
      ),
    );
    for (const [group, one] of running) {
      if (wanted.has(group)) continue;
      running.delete(group);
      await one.close();
    }
    for (const [group, { view, version }] of wanted) if (!running.has(group)) await run(view, version);
  });

  const finishing = keepFinishing({
    views: [...viewNames.map(together), ...(archiving ? [archiving] : [])],
    deletions,
    log: { ...log, committed },
    clock,
    settle_ms: SETTLE_MS,
    every_ms: MOST_BETWEEN_MS,
    onError: (error) =>
      toStderr({
        level: 'error',
        message: 'deletions could not be finished: that is tried again',
        error: errorFields(error),
      }),
  });

  const reconciling = keepReconciling({
    ...{ viewStores, embedders, log, answers, meter },
    report: toStderr,
    every_ms: reconcile_ms,
  });

  return {
    async close() {
      unwatch();
      await reconciling.close();
      await finishing.close();
      await Promise.all([...running.values(), ...(archived ? [archived] : [])].map((one) => one.close()));
    },
  };
}
