/** The process was asked to stop. */
export class Stopped extends Error {
  readonly code = 'stopped';
}

/**
 * Aborts with Stopped at the first Ctrl-C, SIGTERM or SIGHUP, so that all can be closed in order. A second Ctrl-C ends
 * the process at once, which is safe, only less polite.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Stopped('Stopped'));
  };
  process.on('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.once('SIGHUP', stop);
  return stopping.signal;
}
