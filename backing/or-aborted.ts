/** What a promise gives, unless the signal aborts first: rejects at once then, with the signal's reason. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const settle =
      <Value>(how: (value: Value) => void) =>
      (value: Value) => {
        signal.removeEventListener('abort', abort);
        how(value);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
