import { createNoopMeter, type Meter } from '@opentelemetry/api';
import { callDurations } from '#backing/telemetry/calls.ts';
import { SECONDS } from '#backing/telemetry/metrics.ts';
import type { GuardObserver, GuardState } from './dependencies/guard.ts';

/** What became of a search that was drawn to be asked again: `exact` where it went by no index in the first place. */
type Sampled = 'compared' | 'exact' | 'shed' | 'late' | 'failed';

/** How an answer came about: kept, made, made for another who asked the same, or refused since too many were being made. */
export type Came = 'kept' | 'made' | 'shared' | 'shed';

const COUNTS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const RECALLS = [0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 1];
const TENTHS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const STATES: Record<GuardState, number> = { closed: 0, open: 1 };

/** What the origin counts and measures of itself; nothing, where no meter is given. */
export function openMeasures(meter: Meter = createNoopMeter()) {
  const took = callDurations(meter);
  const came = meter.createCounter('edgewise.answers', {
    description: 'Answers, by how they came about.',
  });
  const without = meter.createCounter('edgewise.answers.degraded', {
    description:
      'Answers that were made without a dependency, by its name; without `answers`, under no known epochs.',
  });
  const age = meter.createHistogram('edgewise.held.age', {
    unit: 's',
    description:
      'How old what was held of a dependency is, where an answer rests on that since it cannot be asked.',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const candidates = meter.createHistogram('edgewise.source.candidates', {
    description: 'How many campaigns each source raised for an answer.',
    advice: { explicitBucketBoundaries: COUNTS },
  });
  const lookups = meter.createCounter('edgewise.held.lookups', {
    description: 'Lookups of what is held of people, by what it is and whether it was there.',
  });
  const overlap = meter.createHistogram('edgewise.shadow.overlap', {
    description: 'The share of the campaigns in an answer that the shadow placement would have chosen too.',
    advice: { explicitBucketBoundaries: TENTHS },
  });
  const recall = meter.createHistogram('edgewise.search.recall', {
    description:
      'The share of what is nearest that searches by an index found, of those that were asked again by none.',
    advice: { explicitBucketBoundaries: RECALLS },
  });
  const samples = meter.createCounter('edgewise.search.samples', {
    description: 'Searches that were drawn to be asked again by no index, by what became of that.',
  });
  const unkept = meter.createCounter('edgewise.served.lost', {
    description: 'Answers that are missing on the log to learn from, since it did not take them.',
  });
  const states = new Map<string, GuardState>();
  const state = meter.createObservableGauge('edgewise.dependency.left_alone', {
    description: '1 while a dependency is left alone since it keeps failing (its breaker is open), else 0.',
  });
  state.addCallback((result) => {
    for (const [dependency, now] of states) result.observe(STATES[now], { dependency });
  });

  const observer: GuardObserver = {
    called: ({ took_ms, ...call }) => took(call, took_ms),
    changed(dependency, now) {
      states.set(dependency, now);
    },
  };
  return {
    observer,
    came: (how: Came) => came.add(1, { how }),
    degraded(dependencies: Iterable<string>) {
      for (const dependency of dependencies) without.add(1, { dependency });
    },
    aged: (dependency: string, age_ms: number) => age.record(age_ms / 1000, { dependency }),
    raised: (source: string, count: number) => candidates.record(count, { source }),
    looked: (held: string) => (hit: boolean) => lookups.add(1, { held, hit }),
    recalled: (of: { source: string; collection: string }, share: number) => recall.record(share, of),
    sampled: (collection: string, outcome: Sampled) => samples.add(1, { collection, outcome }),
    lost: (count: number) => unkept.add(count),
    agreed: (placement: string, share: number) => overlap.record(share, { placement }),
  };
}
export type Measures = ReturnType<typeof openMeasures>;
