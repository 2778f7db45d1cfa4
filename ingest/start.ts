import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { toStderr } from '#backing/http/report.ts';
import { type Served, serveApp } from '#backing/http/serve.ts';
import type { Log } from '#backing/log/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Clock } from '#contract/clock.ts';
import { type GatewayOptions, gatewayApp } from './gateway/gateway-app.ts';
import { countersView } from './views/counters.ts';
import { embeddingsView } from './views/embeddings.ts';
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
  embedder: Embedder;
  answers: Answers;
  clock?: Clock;
  onError?: RunOptions['onError'];
  members?: number;
};

/** Starts the views; `close` resolves once the batches at hand have ended. */
export function startViews({
  log,
  counters,
  catalogue,
  vectors,
  embedder,
  answers,
  clock = Date.now,
  onError = reportFailure(toStderr),
  members = 1,
}: ViewsOptions): Promise<Running> {
  const views = [countersView({ counters, catalogue }), embeddingsView({ embedder, vectors })];
  return runViews(views, { log, answers, clock, members, onError });
}
