import { setTimeout as pause } from 'node:timers/promises';
import { finishDeletions } from './finish.ts';

type KeepOptions = Parameters<typeof finishDeletions>[0] & {
  every_ms: number;
  onError(error: unknown): void;
};

/** Finishes deletions again and again until it is closed; what fails is told, and tried again the next time. */
export function keepFinishing({ every_ms, onError, ...options }: KeepOptions): { close(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await pause(every_ms, undefined, { signal, ref: false });
        await finishDeletions(options, signal);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
    }
  })();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}
