import type { Meter } from '@opentelemetry/api';
import type { Answers } from '#backing/answers/port.ts';
import { type Report, toStderr } from '#backing/http/report.ts';
import { type Served, serveApp } from '#backing/http/serve.ts';
import type { Clock } from '#contract/clock.ts';
import type { Key } from '#contract/signature.ts';
import { originApp } from './app.ts';
import type { Control } from './keys.ts';
import { openRecommender, type RecommenderOptions } from './recommender.ts';

export type OriginOptions = Omit<RecommenderOptions, 'report'> & {
  answers: Answers;
  keys: readonly Key[];
  clock: Clock;
  hostname: string;
  port: number;
  report?: Report;
  meter?: Meter;
  control?: Control;
};

/** `relearn` resolves once a tenant's answers rest on what its people did until now, so that none has to wait for that. */
export type Origin = Served & { relearn(tenant_id: string): Promise<void> };

/** Starts the origin over the stores it is handed; it opens none, and closes none. */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const { answers, catalogue, keys, clock, hostname, port, report = toStderr, meter, control } = options;
  const recommender = openRecommender({ ...options, report });
  const app = originApp({ recommender, answers, catalogue, keys, clock, report, meter, control });
  return { ...(await serveApp(app, { hostname, port })), relearn: recommender.relearn };
}
