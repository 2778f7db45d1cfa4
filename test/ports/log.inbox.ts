/** What happened, in its order, to be waited for without asking again and again. */
export type Inbox<T> = {
  readonly items: readonly T[];
  push(item: T): void;
  /** Resolves once it holds for the items there are; rejects with the signal's reason. */
  until(holds: (items: readonly T[]) => boolean): Promise<void>;
};

export function inbox<T>(signal: AbortSignal): Inbox<T> {
  const items: T[] = [];
  const waiting = new Set<() => void>();
  return {
    items,
    push(item) {
      items.push(item);
      for (const look of waiting) look();
    },
    until(holds) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = () => {
        waiting.delete(look);
        signal.removeEventListener('abort', fail);
      };
      const fail = () => {
        end();
        reject(signal.reason);
      };
      const look = () => {
        if (!holds(items)) return;
        end();
        resolve();
      };
      waiting.add(look);
      signal.addEventListener('abort', fail);
      look();
      return promise;
    },
  };
}
