import type { Meter } from '@opentelemetry/api';
import type { Answers } from '#backing/answers/port.ts';
import type { Archive } from '#backing/archive/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Graph } from '#backing/graph/port.ts';
import { errorFields, toStderr } from '#backing/http/report.ts';
import { type Served, serveApp } from '#backing/http/serve.ts';
import type { Log } from '#backing/log/port.ts';
import type { Traces } from '#backing/telemetry/traces.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { FIRST, type Serving } from '#backing/view-versions/serving.ts';
import type { Clock } from '#contract/clock.ts';
import { keepFinishing } from './deletions/keep-finishing.ts';
import { type GatewayOptions, gatewayApp } from './gateway/gateway-app.ts';
import { answeringView } from './views/answering.ts';
import { archiveView } from './views/archive.ts';
import { type Running, type RunOptions, reportFailure, runViews } from './views/run-views.ts';

/**
 * Starts the gateway; port 0 takes any that is free. `close` refuses new requests and resolves once those at
 * hand are answered. Rejects with a sentence on what to do where it cannot listen.
 */
export function startGateway({
  hostname,
  port,
  ...options
}: GatewayOptions & { hostname: string; port: number }): Promise<Served> {
  return serveApp(gatewayApp(options), { hostname, port });
}

export type ViewsOptions = {
  log: Log;
  counters: Counters;
  catalogue: Catalogue;
  vectors: Vectors;
  embedders: Embedders;
  graph: Graph;
  answers: Answers;
  /** Where there is none, nothing is archived. */
  archive?: Archive;
  /** How long a record may wait to be archived with others; minutes where it is left out. */
  archive_linger_ms?: number | undefined;
  /** Where there is none, nobody can ask how far a deletion is, and nobody is forgotten a second time. */
  deletions?: Deletions | undefined;
  /** How long after a deletion what was under way then is over; minutes where it is left out. */
  deletion_settle_ms?: number | undefined;
  clock?: Clock;
  onError?: RunOptions['onError'];
  members?: number;
  /** Only the views of these groups; all of them where it is left out. */
  groups?: readonly string[];
  /** Which version of each view the stores are; the first where nothing is said. */
  serving?: Serving;
  meter?: Meter;
  traces?: Traces | undefined;
};

/** Longer than any batch that is not given up takes. */
export const SETTLE_MS = 120_000;
export const MOST_BETWEEN_MS = 15_000;

/** Starts the views; `close` resolves once the batches at hand have ended. */
export async function startViews({
  log,
  counters,
  catalogue,
  vectors,
  embedders,
  graph,
  answers,
  archive,
  archive_linger_ms,
  deletions,
  deletion_settle_ms = SETTLE_MS,
  clock = Date.now,
  onError = reportFailure(toStderr),
  members = 1,
  groups,
  serving = FIRST,
  meter,
  traces,
}: ViewsOptions): Promise<Running> {
  const means = { embedders, meter, traces };
  const views = [
    answeringView({ view: 'counters', version: serving.counters }, { counters, catalogue, deletions }, means),
    answeringView({ view: 'embeddings', version: serving.embeddings }, vectors, means),
    answeringView({ view: 'graph', version: serving.graph }, graph, means),
    ...(archive
      ? [archiveView({ archive, log, deletions, linger_ms: archive_linger_ms, meter, traces })]
      : []),
  ];
  const wanted = views.filter(({ group }) => groups?.includes(group) ?? true);
  const running = await runViews(wanted, {
    ...{ log, answers, clock, members, onError, traces },
    ...(meter && { meter }),
  });
  if (!deletions) return running;
  const finishing = keepFinishing({
    views: wanted,
    deletions,
    log,
    clock,
    settle_ms: deletion_settle_ms,
    every_ms: Math.min(MOST_BETWEEN_MS, 20 + deletion_settle_ms),
    onError: (error) =>
      toStderr({
        level: 'error',
        message: 'deletions could not be finished: that is tried again',
        error: errorFields(error),
      }),
  });
  return {
    async close() {
      await finishing.close();
      await running.close();
    },
  };
}
