import { orAborted } from '#backing/or-aborted.ts';

/**
 * Runs something that takes a signal, and gives up on it at the deadline, whether or not it listens. Rejects
 * with the signal's reason: a TimeoutError, or why the outer signal was aborted.
 */
export async function within<Value>(
  deadline_ms: number,
  outer: AbortSignal,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const timeout = new AbortController();
  const late = () => timeout.abort(new DOMException(`Not done within ${deadline_ms} ms`, 'TimeoutError'));
  const timer = setTimeout(late, deadline_ms);
  const signal = AbortSignal.any([outer, timeout.signal]);
  try {
    return await orAborted(run(signal), signal);
  } finally {
    clearTimeout(timer);
  }
}
