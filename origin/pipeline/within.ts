import { orAborted } from '#backing/or-aborted.ts';

/**
 * A signal that aborts at the deadline with a TimeoutError, or with the outer one, where there is one, and its reason; `end`
 * lets go of both. Unlike AbortSignal.timeout it leaves no timer behind that goes off once all is done.
 */
export function deadline(
  deadline_ms: number,
  outer: AbortSignal | null,
): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const late = () => controller.abort(new DOMException(`Not done within ${deadline_ms} ms`, 'TimeoutError'));
  const left = () => controller.abort(outer?.reason);
  const timer = setTimeout(late, deadline_ms);
  if (outer?.aborted) left();
  outer?.addEventListener('abort', left);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', left);
    },
  };
}

/**
 * Runs something that takes a signal, and gives up on it at the deadline, whether or not it listens. Rejects
 * with the signal's reason: a TimeoutError, or why the outer signal was aborted.
 */
export async function within<Value>(
  deadline_ms: number,
  outer: AbortSignal | null,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const { signal, end } = deadline(deadline_ms, outer);
  try {
    return await orAborted(run(signal), signal);
  } finally {
    end();
  }
}
