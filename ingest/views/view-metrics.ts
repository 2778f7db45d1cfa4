import type { Meter } from '@opentelemetry/api';
import { SECONDS } from '#backing/telemetry/metrics.ts';
import type { Clock } from '#contract/clock.ts';
import { topics } from '#contract/topics.ts';
import type { Handled } from './view.ts';

/** What the views tell of themselves: how fresh they are, how much they handle, and what fails. */
export function viewMetrics(meter: Meter, clock: Clock) {
  const advice = { explicitBucketBoundaries: SECONDS };
  const freshness = meter.createHistogram('edgewise.view.freshness', {
    unit: 's',
    description: 'From when a live event was accepted until a view has it and its epoch is raised.',
    advice,
  });
  const duration = meter.createHistogram('edgewise.view.batch.duration', {
    unit: 's',
    description: 'How long a view took for a batch.',
    advice,
  });
  const records = meter.createCounter('edgewise.view.records', {
    description: 'Records that a view wrote, or passed over to the dead letters.',
  });
  const failures = meter.createCounter('edgewise.view.failures', {
    description: 'Batches that a view could not handle: they are tried again, or pause their partition.',
  });

  return {
    handled(view: string, { written, failed }: Handled, took_ms: number): void {
      const now_ms = clock();
      duration.record(took_ms / 1000, { view });
      for (const { record, envelope } of written.events) {
        // Imports are as old as they are, and redriven records as old as their mending.
        if (record.topic === topics.events)
          freshness.record(Math.max(0, now_ms - Date.parse(envelope.accepted_at)) / 1000, { view });
      }
      records.add(written.events.length + written.campaigns.length + written.deletions.length, {
        view,
        outcome: 'written',
      });
      if (failed > 0) records.add(failed, { view, outcome: 'dead_letter' });
    },
    failed({ view, retry_ms }: { view: string; retry_ms: number | null }): void {
      failures.add(1, { view, outcome: retry_ms === null ? 'paused' : 'retried' });
    },
  };
}
