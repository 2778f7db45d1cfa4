import { setTimeout as pause } from 'node:timers/promises';
import { createNoopMeter, type Meter } from '@opentelemetry/api';
import { errorFields, type Report } from '#backing/http/report.ts';
import type { ViewStores } from '#backing/open/view-stores.ts';
import { groupOf } from '#contract/topics.ts';
import { type KeptUp, type ReconcileOptions, type Repair, reconcile } from './reconcile.ts';

export type KeepReconcilingOptions = Pick<ReconcileOptions, 'embedders' | 'log' | 'answers'> & {
  viewStores: Pick<ViewStores, 'states' | 'serving' | 'open'>;
  report: Report;
  meter?: Meter | undefined;
  /** How long after a turn the next one is. */
  every_ms?: number | undefined;
};

const EVERY_MS = 30_000;

/**
 * One turn after the other, over the versions that the rows name at its beginning: of the embeddings what serves and
 * what is kept up beside it, since a rollback would have answers made of that; of the catalogue what serves.
 * What is mended is counted and told.
 */
export function reconcilerOf({
  viewStores,
  embedders,
  log,
  answers,
  report,
  meter = createNoopMeter(),
}: Omit<KeepReconcilingOptions, 'every_ms'>): (
  signal: AbortSignal,
) => Promise<{ repairs: Repair[]; failures: number }> {
  const owed = new Set<string>();
  const counter = meter.createCounter('edgewise.reconcile.repaired', {
    description: 'Campaign vectors that disagreed with the catalogue, and were mended.',
  });

  function told(repair: Repair): void {
    const { tenant_id, embedding, group, repaired } = repair;
    for (const [kind, many] of Object.entries(repaired)) if (many > 0) counter.add(many, { kind, embedding });
    const message = 'Campaign vectors that disagreed with the catalogue were repaired';
    report({ level: 'warn', message, tenant_id, embedding, view: group, ...repaired });
  }

  const keptUp = () =>
    viewStores
      .states()
      .filter(({ view }) => view === 'embeddings')
      .flatMap(({ serving, beside, keeps_up }) => [
        serving,
        ...(keeps_up && beside !== null ? [beside] : []),
      ]);

  return async (signal) => {
    const stores: KeptUp[] = [];
    for (const version of keptUp())
      stores.push({
        group: groupOf('embeddings', version),
        vectors: await viewStores.open('embeddings', version),
        keptUp: () => keptUp().includes(version),
      });
    const repairs: Repair[] = [];
    let failures = 0;
    await reconcile(
      {
        catalogue: viewStores.serving('counters').catalogue,
        ...{ stores, embedders, log, answers, owed },
        onRepair(repair) {
          repairs.push(repair);
          told(repair);
        },
        onError(error) {
          failures++;
          report({
            level: 'error',
            message: 'Campaign vectors could not be reconciled: that is tried again',
            error: errorFields(error),
          });
        },
      },
      signal,
    );
    return { repairs, failures };
  };
}

/** Reconciles again and again until it is closed; what fails is told, and tried again at the next turn. */
export function keepReconciling({ every_ms = EVERY_MS, ...options }: KeepReconcilingOptions): {
  close(): Promise<void>;
} {
  const ending = new AbortController();
  const { signal } = ending;
  const turn = reconcilerOf(options);
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await pause(every_ms, undefined, { signal, ref: false });
        await turn(signal);
      } catch (error) {
        if (signal.aborted) return;
        options.report({
          level: 'error',
          message: 'Campaign vectors could not be reconciled: that is tried again',
          error: errorFields(error),
        });
      }
    }
  })();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}
