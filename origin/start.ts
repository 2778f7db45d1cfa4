import type { Meter } from '@opentelemetry/api';
import type { Answers } from '#backing/answers/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import { type Report, toStderr } from '#backing/http/report.ts';
import { type Served, serveApp } from '#backing/http/serve.ts';
import type { SideLog } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import type { Key } from '#contract/signature.ts';
import { ANSWER_MS, originApp } from './app.ts';
import { openBookmarks } from './bookmarks.ts';
import { openGuards } from './dependencies/guards.ts';
import type { Control } from './keys.ts';
import { openMeasures } from './measures.ts';
import { openRecall, RECALL_SHARE } from './recall.ts';
import { DEPENDENCY_MS, openRecommender, type RecommenderOptions } from './recommender.ts';
import { openServeLog } from './serve-log.ts';
import { warmUp } from './warm-up.ts';

export type OriginOptions = Omit<RecommenderOptions, 'report'> & {
  answers: Answers;
  keys: readonly Key[];
  clock: Clock;
  hostname: string;
  port: number;
  report?: Report;
  meter?: Meter;
  control?: Control;
  /** How many answers are made at once, before others are refused. */
  at_once?: number;
  /** How long an answer may take, before it is put together of what is there (ms). */
  answer_ms?: number;
  /** The share of searches by an index that is asked again by none, behind answers. */
  recall_share?: number;
  /** Without it nobody can ask what is kept of them, or how far they are forgotten. */
  deletions?: Deletions;
  /** Tells how far the views are, and takes what is answered; without it no bookmark can be waited for. */
  log?: SideLog | null;
  /** The groups of the views that serve just now, as bookmarks wait for them. */
  groups?: () => readonly string[];
};

/** `relearn` resolves once a tenant's answers rest on what its people did until now, so that none has to wait for that. */
export type Origin = Served & { relearn(tenant_id: string): Promise<void> };

/**
 * Starts the origin over the stores it is handed; it opens none, and closes none. It listens once connections to them are
 * warm, or were tried to be.
 */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const {
    answers,
    catalogue,
    placements,
    models,
    keys,
    clock,
    hostname,
    port,
    report = toStderr,
    meter,
    control,
  } = options;
  const { deletions, profiles, graph, vectors } = options;
  const { dependency_ms = DEPENDENCY_MS, at_once, answer_ms = ANSWER_MS, log = null } = options;
  const { recall_share = RECALL_SHARE } = options;
  const bookmarks = openBookmarks({ progress: log, clock, report, groups: options.groups });
  const measures = openMeasures(meter);
  const guardOf = openGuards({
    probe_ms: Math.min(dependency_ms, answer_ms),
    measures,
    report,
    traces: options.traces,
  });
  const means = { report, measures, guardOf };
  const recall = openRecall({ vectors, share: recall_share, clock, measures, report });
  const serveLog = log && openServeLog({ log, report, lost: measures.lost });
  const onServed = serveLog?.add;
  const recommender = openRecommender({ ...options, ...means, dependency_ms, onServed, recall });
  const app = originApp({
    ...{
      recommender,
      answers,
      catalogue,
      bookmarks,
      placements,
      models,
      keys,
      clock,
      meter,
      control,
      at_once,
      answer_ms,
    },
    traces: options.traces,
    making: recall,
    ...means,
    people: deletions && { deletions, profiles, graph, vectors },
  });
  await warmUp(options, { report });
  const served = await serveApp(app, { hostname, port });
  const close = async () => {
    await served.close();
    recommender.close();
    await recall.close();
    await serveLog?.close();
  };
  const relearn = async (tenant_id: string) => {
    await recommender.relearn(tenant_id);
  };
  return { ...served, relearn, close };
}
