import { createHash } from 'node:crypto';

type Timer = { at_ms: number; order: number; work: (() => void) | null };

/** Time that stands still while anybody has something to do, and then passes at once to when the next one has. */
export type VirtualTime = {
  clock(): number;
  sleep(ms: number): Promise<void>;
  at(at_ms: number, work: () => void): void;
  /** Lets time pass until nobody waits for it any more. */
  run(): Promise<void>;
};

const LATE = new DOMException('It took too long', 'TimeoutError');

const earlier = (a: Timer, b: Timer) => a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order);

/** Timers as a binary heap, the earliest on top. */
function timers() {
  const heap: Timer[] = [];
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b] as Timer, heap[a] as Timer];
  };
  const precedes = (a: number, b: number) => earlier(heap[a] as Timer, heap[b] as Timer);
  return {
    push(timer: Timer) {
      let at = heap.push(timer) - 1;
      for (let up = (at - 1) >> 1; at > 0 && precedes(at, up); up = (at - 1) >> 1) {
        swap(at, up);
        at = up;
      }
    },
    pop(): Timer | undefined {
      const [top] = heap;
      const last = heap.pop();
      if (!top || !last || top === last) return top;
      heap[0] = last;
      for (let at = 0; ; ) {
        let down = 2 * at + 1;
        if (down + 1 < heap.length && precedes(down + 1, down)) down++;
        if (down >= heap.length || !precedes(down, at)) return top;
        swap(at, down);
        at = down;
      }
    },
  };
}

/**
 * Runs `work` in virtual time that begins at `start_ms`. Timers, and the time-outs of signals, are of that time as
 * well; and hashes are made on the spot, since what another thread does cannot be waited for by looking.
 */
export async function inVirtualTime<Value>(
  start_ms: number,
  work: (time: VirtualTime) => Promise<Value>,
): Promise<Value> {
  const waiting = timers();
  let [now_ms, order] = [start_ms, 0];
  const set = (ms: number, then: () => void): Timer => {
    const timer = { at_ms: now_ms + Math.max(0, ms), order: order++, work: then };
    waiting.push(timer);
    return timer;
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

  const real = { setTimeout, clearTimeout, timeout: AbortSignal.timeout, digest: crypto.subtle.digest };
  const put = (means: object) => Object.assign(globalThis, means);
  put({
    setTimeout: (then: () => void, ms = 0) => set(ms, then),
    clearTimeout: (timer: Timer | null) => {
      if (timer) timer.work = null;
    },
  });
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    set(ms, () => controller.abort(LATE));
    return controller.signal;
  };
  crypto.subtle.digest = async (_name, data) =>
    new Uint8Array(
      createHash('sha256')
        .update(new Uint8Array(data as ArrayBuffer))
        .digest(),
    ).buffer;
  try {
    return await work({
      clock: () => now_ms,
      sleep: (ms) => new Promise((resolve) => set(ms, resolve)),
      at: (at_ms, then) => void set(at_ms - now_ms, then),
      async run() {
        for (let timer = waiting.pop(); timer; timer = waiting.pop()) {
          if (!timer.work) continue;
          now_ms = Math.max(now_ms, timer.at_ms);
          timer.work();
          await settled();
        }
      },
    });
  } finally {
    put({ setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    AbortSignal.timeout = real.timeout;
    crypto.subtle.digest = real.digest;
  }
}
