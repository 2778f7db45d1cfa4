import type { Clock } from '#contract/clock.ts';
import type { Log } from './log.ts';

/** What stands behind the breaker has failed too often just now, and was not asked. */
export class BreakerOpen extends Error {
  readonly code = 'breaker_open';
  readonly retryable = true;
}

/**
 * Keeps from asking what keeps failing. After some failures in a row it is open, and nothing is asked for a
 * while; then one call is let through to see, while the others are still refused. Where that succeeds all is
 * as before, else the next while is twice as long.
 *
 * Nobody ever waits for another's call, as in other breakers: in workerd a request that waits for the promise
 * of another hangs once that one is cancelled.
 */
export type Breaker = {
  /** What stands behind it. */
  name: string;
  /** Whether calls are refused, or but one let through to see. */
  isOpen(): boolean;
  /** Rejects with what `work` rejects with, or with BreakerOpen. `failed` tells results that are failures too. */
  run<T>(work: () => Promise<T>, failed?: (result: T) => boolean): Promise<T>;
};

export type BreakerOptions = {
  /** What stands behind it, for the log. */
  name: string;
  clock: Clock;
  /** From 0 to 1, so that not all isolates try again at once. */
  random: () => number;
  log: Log;
  /** So many failures in a row open it. */
  failures: number;
  shortest_ms: number;
  longest_ms: number;
  /** A call that was let through, and of which nothing was heard for so long, was cancelled. */
  probe_ms: number;
};

export function breaker(options: BreakerOptions): Breaker {
  const { name, clock, random, log, failures, shortest_ms, longest_ms, probe_ms } = options;
  let in_a_row = 0;
  /** How long it is open; 0 while it is closed. */
  let open_ms = 0;
  /** When it opened, or when the call was begun that is let through to see. */
  let since_ms = 0;
  let probe: symbol | null = null;

  function open(now_ms: number) {
    open_ms = Math.min(longest_ms, open_ms === 0 ? shortest_ms : open_ms * 2) * (1 - random() / 5);
    [since_ms, probe] = [now_ms, null];
    log({ level: 'warn', event: 'breaker_open', breaker: name, open_ms: Math.round(open_ms) });
  }

  function close() {
    [open_ms, in_a_row, probe] = [0, 0, null];
    log({ level: 'info', event: 'breaker_closed', breaker: name });
  }

  /** The call's mark where it is let through to see, null where all are. Throws BreakerOpen. */
  function enter(): symbol | null {
    if (open_ms === 0) return null;
    const now_ms = clock();
    const waited_ms = now_ms - since_ms;
    // A clock that was turned back tells no time.
    if (waited_ms >= 0 && waited_ms < (probe ? probe_ms : open_ms)) {
      throw new BreakerOpen(`The ${name} keeps failing, and is left alone for a moment`);
    }
    since_ms = now_ms;
    probe = Symbol();
    return probe;
  }

  function settle(mark: symbol | null, failed: boolean) {
    // What was begun before it opened has no say any more.
    if (mark !== probe || (mark === null && open_ms > 0)) return;
    if (mark !== null) return failed ? open(clock()) : close();
    in_a_row = failed ? in_a_row + 1 : 0;
    if (in_a_row >= failures) open(clock());
  }

  return {
    name,
    isOpen: () => open_ms > 0,
    async run(work, failed = () => false) {
      const mark = enter();
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
      } catch (error) {
        settle(mark, true);
        throw error;
      }
      settle(mark, failed(result));
      return result;
    },
  };
}
