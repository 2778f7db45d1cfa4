import type { Meter } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

/** Collects when it is asked, as Prometheus does. */
class AskedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export type Metrics = {
  /** What parts of the process count and measure by. */
  meter: Meter;
  /** All of it in Prometheus's text format, version 0.0.4. */
  text(): Promise<string>;
  close(): Promise<void>;
};

/** How long a scrape waits for what has to be asked elsewhere, such as lags. */
const COLLECT_MS = 5_000;

/** The metrics of one process. */
export function openMetrics(): Metrics {
  const reader = new AskedReader();
  const provider = new MeterProvider({ readers: [reader] });
  // The process is what is scraped, so that no series needs to say whose it is.
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  return {
    meter: provider.getMeter('edgewise'),
    async text() {
      const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: COLLECT_MS });
      const failed = errors.length > 0 ? `# ${errors.length} instruments could not be read\n` : '';
      return failed + serializer.serialize(resourceMetrics);
    },
    close: () => provider.shutdown(),
  };
}

/**
 * Buckets for durations in seconds: by about half, from what a memory takes to what nobody waits for, and closer about the
 * 100 ms that an answer should take.
 */
export const SECONDS = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.5, 1, 2, 3, 5, 10, 30, 60, 300,
];
