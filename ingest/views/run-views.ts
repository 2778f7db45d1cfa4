import { createNoopMeter, type Meter } from '@opentelemetry/api';
import type { Answers } from '#backing/answers/port.ts';
import { errorFields, type Report } from '#backing/http/report.ts';
import type { Batch, Consumer, Log } from '#backing/log/port.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import type { Clock } from '#contract/clock.ts';
import { observeLag } from './observe-lag.ts';
import { observedStores } from './observed-stores.ts';
import { handlerOf, type View } from './view.ts';
import { viewMetrics } from './view-metrics.ts';

/** A batch that a view could not handle; `retry_ms` is null where its partition is paused for good. */
export type ViewFailure = { view: string; error: unknown; batch: Batch; retry_ms: number | null };

export type RunOptions = {
  log: Log;
  answers: Answers;
  clock: Clock;
  /** How many consumers each view has here. */
  members: number;
  /** Told of every failure but those of batches that were taken away, which another member goes on with. */
  onError(failure: ViewFailure): void;
  meter?: Meter;
  traces?: Traces | undefined;
};

export type Running = {
  /** Leaves the groups once the batches at hand have ended. */
  close(): Promise<void>;
};

/** Runs views, each with its consumers in a group of its own. Rejects, and runs none, where one cannot join. */
export async function runViews(
  views: readonly View[],
  { log, answers, clock, members, onError, meter = createNoopMeter(), traces = noTraces }: RunOptions,
): Promise<Running> {
  const metrics = viewMetrics(meter, clock);
  const handlerFor = (view: View) => {
    const observed = observedStores({ meter, traces });
    const handle = handlerOf(view, { log: observed.log(log), answers: observed.answers(answers), clock });
    return async (batch: Batch) => {
      const begun_ms = performance.now();
      const handled = await traces.linked(...batchSpan(view, batch), () => handle(batch));
      metrics.handled(view.group, handled, performance.now() - begun_ms);
    };
  };
  const joining = views.flatMap((view) =>
    Array.from({ length: members }, () =>
      log.consume({
        group: view.group,
        topics: view.topics,
        max_records: view.max_records,
        ...(view.max_bytes === undefined ? {} : { max_bytes: view.max_bytes }),
        ...(view.linger_ms === undefined ? {} : { linger_ms: view.linger_ms }),
        handle: handlerFor(view),
        onError(error, batch, retry_ms) {
          if (batch.isStale() || batch.signal.aborted) return;
          const failure = { view: view.group, error, batch, retry_ms };
          metrics.failed(failure);
          onError(failure);
        },
      }),
    ),
  );
  const joined = await Promise.allSettled(joining);
  const consumers = joined.flatMap((one): Consumer[] => (one.status === 'fulfilled' ? [one.value] : []));
  let unobserve = () => {};
  const close = async () => {
    unobserve();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  };
  const failed = joined.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  unobserve = observeLag(meter, { log, groups: views.map(({ group }) => group) });
  return { close };
}

/** What brought a batch about, and what its span tells, by OpenTelemetry's conventions for messaging. */
function batchSpan({ group }: View, { topic, partition, records, attempt }: Batch) {
  const traceparents: string[] = [];
  for (const { traceparent } of records) if (traceparent !== undefined) traceparents.push(traceparent);
  const about = {
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.consumer.group.name': group,
    'messaging.batch.message_count': records.length,
    'edgewise.attempt': attempt,
  };
  return [traceparents, `process ${topic}`, about] as const;
}

/** Reports a failure as one line; a paused partition as what it is, since it waits for somebody. */
export function reportFailure(report: Report): RunOptions['onError'] {
  return ({ view, error, batch, retry_ms }) => {
    const { topic, partition, records, attempt } = batch;
    const paused = retry_ms === null;
    report({
      level: paused ? 'fatal' : 'error',
      message: paused
        ? 'A view has paused a partition: it stays behind until that is mended'
        : 'A view will try a batch again',
      view,
      topic,
      partition,
      from_offset: records[0]?.offset ?? null,
      records: records.length,
      attempt,
      retry_ms,
      error: errorFields(error),
    });
  };
}
