import { createNoopMeter, type Meter, SpanKind } from '@opentelemetry/api';
import { SECONDS } from './metrics.ts';
import { noTraces, type Traces } from './traces.ts';

/** What is asked of whom, and how it ended. */
export type Call = { dependency: string; operation: string; outcome: string };

/** Measures calls of what a process depends on: the same in every tier, so that one question asks them all. */
export function callDurations(meter: Meter): (call: Call, took_ms: number) => void {
  const durations = meter.createHistogram('edgewise.dependency.call.duration', {
    unit: 's',
    description: 'How long calls of what is depended on took, by dependency, operation and how they ended.',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  return (call, took_ms) => durations.record(took_ms / 1000, call);
}

export type Observed = { meter?: Meter | undefined; traces?: Traces | undefined };

/** Measures each call, and runs it in a span of its own within whatever span is under way. */
export function observedCalls({ meter = createNoopMeter(), traces = noTraces }: Observed) {
  const took = callDurations(meter);
  return async <Value>(dependency: string, operation: string, run: () => Promise<Value>): Promise<Value> => {
    const begun_ms = performance.now();
    let outcome = 'failed';
    try {
      const value = await traces.span(`${dependency} ${operation}`, {}, run, SpanKind.CLIENT);
      outcome = 'ok';
      return value;
    } finally {
      took({ dependency, operation, outcome }, performance.now() - begun_ms);
    }
  };
}
