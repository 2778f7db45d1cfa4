import type { Meter, ObservableResult } from '@opentelemetry/api';
import type { Log } from '#backing/log/port.ts';
import { viewTopics } from '#contract/topics.ts';

const ASKED_MS = 4_000;

/**
 * Tells for each partition how many records a view has still to handle, asked of the log at each scrape, until what is
 * given back is called.
 */
export function observeLag(
  meter: Meter,
  { log, groups }: { log: Log; groups: readonly string[] },
): () => void {
  const lag = meter.createObservableGauge('edgewise.view.lag', {
    description: 'Records of a partition that a view has still to handle.',
  });
  const tell = async (result: ObservableResult) => {
    const signal = AbortSignal.timeout(ASKED_MS);
    await Promise.all(viewTopics.map((topic) => observe(result, topic, { log, groups, signal })));
  };
  lag.addCallback(tell);
  return () => lag.removeCallback(tell);
}

async function observe(
  result: ObservableResult,
  topic: string,
  { log, groups, signal }: { log: Log; groups: readonly string[]; signal: AbortSignal },
): Promise<void> {
  // First how far the groups are, so that none seems to be ahead of its partition.
  const handled = await Promise.all(groups.map((group) => log.committed(group, topic, signal)));
  const ends = await log.ends(topic, signal);
  groups.forEach((view, at) => {
    ends.forEach((end, partition) => {
      result.observe(Math.max(0, end - (handled[at]?.[partition] ?? 0)), { view, topic, partition });
    });
  });
}
