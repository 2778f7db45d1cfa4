import { SpanKind } from '@opentelemetry/api';
import {
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { orAborted } from '#backing/or-aborted.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import { VersionMismatch } from '#backing/vectors/port.ts';
import { Problem } from '#contract/problem.ts';
import { within } from '../pipeline/within.ts';

/** What stands behind a guard has failed too often just now, and was not asked. */
export class LeftAlone extends Error {
  readonly code = 'left_alone';
  readonly retryable = true;
}

/** So many calls are under way and as many wait that another would only wait longer; it was not made. */
class Full extends Error {
  readonly code = 'dependency_full';
  readonly retryable = true;
}

export type GuardState = 'closed' | 'open';
/** How a call ended. Of `open` and `full` nothing was asked. */
type Outcome = 'ok' | 'late' | 'failed' | 'open' | 'full';

/** Told of each call, and of each change of state. */
export type GuardObserver = {
  called(call: { dependency: string; operation: string; outcome: Outcome; took_ms: number }): void;
  changed(dependency: string, state: GuardState): void;
};

/**
 * Stands before one dependency. Calls are bounded in number (a bulkhead), and a dependency that keeps failing is left
 * alone for a while (a circuit breaker): no answer waits for it then. Every so often one call is made behind the
 * answer that would have asked, to see whether it is back, so that no person pays for finding out.
 */
export type Guard = {
  readonly dependency: string;
  readonly state: GuardState;
  /**
   * Rejects with what `work` rejects with, with the signal's reason as soon as it aborts, or with LeftAlone or Full. The
   * signal that `work` is given may be another.
   */
  run<Value>(
    operation: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value>;
};

/**
 * A look may take longer than answers wait: one that was cut off in planning a query, or in connecting, would find the
 * same undone at the next look, for ever. It counts as found only where it was fast, at the second call if not at the
 * first, which may have connected.
 */
const [LOOK_MS, LOOKS] = [2_000, 2];

/** Of the last calls so many are looked at; it opens where more than this share of them failed. */
const BREAKER = { size: 16, threshold: 0.4, minimumNumberOfCalls: 5 };
/** It is looked for again after a while that grows to this, so that it is used within seconds of being back. */
const BACK = { initialDelay: 250, maxDelay: 1_500 };
const [UNDER_WAY, WAITING] = [64, 64];

/** What says nothing of how the dependency fares: who asked left, or asked for what cannot be. */
function isOurs(error: unknown): boolean {
  return (
    error instanceof VersionMismatch ||
    error instanceof BulkheadRejectedError ||
    (error instanceof Problem && error.kind === 'bad-request')
  );
}

function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof BulkheadRejectedError) return 'full';
  return signal.aborted ? 'late' : 'failed';
}

export function openGuard(options: {
  /** As `degraded` names it. */
  dependency: string;
  /** How long a call may take that finds out whether it is back. */
  probe_ms: number;
  observer: GuardObserver;
  /** Keeps a trace of each call. */
  span?: Traces['span'];
  under_way?: number;
  waiting?: number;
}): Guard {
  const { dependency, probe_ms, observer, under_way = UNDER_WAY, waiting = WAITING } = options;
  const { span = noTraces.span } = options;
  const places = bulkhead(under_way, waiting);
  const breaker = circuitBreaker(
    handleWhen((error) => !isOurs(error)),
    { breaker: new CountBreaker(BREAKER), halfOpenAfter: new ExponentialBackoff(BACK) },
  );
  const state = (): GuardState => (breaker.state === CircuitState.Closed ? 'closed' : 'open');
  // It opens anew after each look in vain, which changes nothing.
  let told: GuardState = 'closed';
  const change = (now: GuardState) => {
    if (now !== told) observer.changed(dependency, now);
    told = now;
  };
  breaker.onBreak(() => change('open'));
  breaker.onReset(() => change('closed'));

  function called(operation: string, begun_ms: number, outcome: Outcome): void {
    observer.called({ dependency, operation, outcome, took_ms: performance.now() - begun_ms });
  }

  async function call<Value>(
    operation: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const begun_ms = performance.now();
    try {
      const guarded = () =>
        breaker.execute(() =>
          orAborted(
            places.execute(() => work(signal), signal),
            signal,
          ),
        );
      const value = await span(`${dependency} ${operation}`, {}, guarded, SpanKind.CLIENT);
      called(operation, begun_ms, 'ok');
      return value;
    } catch (error) {
      called(operation, begun_ms, outcomeOf(error, signal));
      if (error instanceof BulkheadRejectedError)
        throw new Full(`Too much is asked of ${dependency} at once`, { cause: error });
      throw error;
    }
  }

  /** Makes the call behind the answer where it is time to look; what comes of it is the breaker's to say. */
  function look<Value>(work: (signal: AbortSignal) => Promise<Value>): void {
    if (breaker.state === CircuitState.HalfOpen) return;
    const looking = async (signal: AbortSignal) => {
      for (let left = LOOKS; left > 0; left--) {
        signal.throwIfAborted();
        const begun_ms = performance.now();
        await work(signal);
        if (performance.now() - begun_ms <= probe_ms) return;
      }
      throw new Error(`${dependency} is there, and slow yet`);
    };
    breaker.execute(() => within(LOOK_MS, null, looking)).catch(() => {});
  }

  return {
    dependency,
    get state() {
      return state();
    },
    async run(operation, signal, work) {
      signal.throwIfAborted();
      if (breaker.state === CircuitState.Closed) return call(operation, signal, work);
      look(work);
      called(operation, performance.now(), 'open');
      throw new LeftAlone(`${dependency} keeps failing, and is left alone for a moment`);
    },
  };
}
