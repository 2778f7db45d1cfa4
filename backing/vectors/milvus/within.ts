import { VersionMismatch } from '../port.ts';
import { unavailable, VectorsUnavailable } from './unavailable.ts';

/**
 * The outcome, or the end of the wait for it, whichever is first. Rejects with VectorsUnavailable, VersionMismatch, or
 * the reason of the signal.
 */
export async function within<Value>(
  signal: AbortSignal,
  limit_ms: number,
  outcome: Promise<Value>,
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new VectorsUnavailable('vectors_timeout', `Milvus took longer than ${limit_ms} ms`)),
    limit_ms,
  );
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([outcome, promise]);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw thrown instanceof VersionMismatch ? thrown : unavailable(thrown);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
