import { setTimeout as sleep } from 'node:timers/promises';
import type { Key } from '#contract/signature.ts';
import { sign } from '#contract/signature.ts';
import { seededRandom } from '../../../infra/local/simulated/random.ts';
import { conversation, type SentEvent } from './conversation.ts';

const WRITERS = 4;
const BATCH = { least: 1, most: 40 };
const PAUSE_MS = 500;
const RETRY_MS = 100;
const PATIENCE_MS = 5_000;
/** How often a writer sends again what was acknowledged already, as an app does that never heard of it. */
const AGAIN = 0.1;

export const TENANT = 'chaos';

export type Load = {
  /** How many distinct events were acknowledged so far, and how many sends came to nothing. */
  acknowledged(): number;
  failed(): number;
  /** Resolves once so many more events have been acknowledged, of sends that began after this was called. */
  progress(events: number): Promise<void>;
  /** Ends it, once all that was sent has been acknowledged. */
  end(): Promise<void>;
};

export type LoadOptions = {
  url: string;
  key: Key;
  seed: number;
  /** Told of what was acknowledged, batch by batch. */
  onAcknowledged(events: readonly SentEvent[]): void;
  signal: AbortSignal;
};

/**
 * Writers that send events until they are acknowledged, the same again under the same identities however often that
 * takes, and that know exactly what was.
 */
export function startLoad({ url: base, key, seed, onAcknowledged, signal }: LoadOptions): Load {
  const url = new URL('/v1/events', base);
  const caller = { tenant_id: TENANT, subject: null, scopes: ['events:write' as const] };
  const watchers = new Set<{ begun: number; left: number; resolve(): void }>();
  let [ending, acknowledged, failed] = [false, 0, 0];

  /** True once the gateway has acknowledged every event of the batch. */
  async function send(events: readonly SentEvent[]): Promise<boolean> {
    const body = Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'));
    const signed = await sign(
      { method: 'POST', url, caller, deadline_ms: PATIENCE_MS, body },
      key,
      Date.now(),
    );
    signed.set('Content-Type', 'application/x-ndjson');
    const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    let verdict: { accepted?: number };
    let status: number;
    try {
      const response = await fetch(url, { method: 'POST', headers: signed, body, signal: within });
      status = response.status;
      verdict = (await response.json()) as typeof verdict;
    } catch {
      signal.throwIfAborted();
      return false;
    }
    if (status === 202 && verdict.accepted === events.length) return true;
    if (status >= 500) return false;
    throw new Error(`The gateway answered ${status} to events that are sound: ${JSON.stringify(verdict)}`);
  }

  function tell(events: number, begun: number): void {
    for (const watcher of watchers) {
      if (begun < watcher.begun) continue;
      watcher.left -= events;
      if (watcher.left > 0) continue;
      watchers.delete(watcher);
      watcher.resolve();
    }
  }

  async function writer(which: number): Promise<void> {
    const random = seededRandom(seed + which);
    const next = conversation(random, `w${which}`, Date.now());
    let last: SentEvent[] = [];
    while (!ending) {
      const isAgain = last.length > 0 && random.chance(AGAIN);
      const events = isAgain
        ? last
        : Array.from({ length: random.whole(BATCH.least, BATCH.most) }, () => next());
      for (;;) {
        const begun = performance.now();
        if (await send(events)) {
          if (!isAgain) acknowledged += events.length;
          onAcknowledged(events);
          tell(events.length, begun);
          break;
        }
        failed++;
        await sleep(RETRY_MS, undefined, { signal });
      }
      last = events;
      await sleep(PAUSE_MS * random.next(), undefined, { signal });
    }
  }

  const writing = Promise.all(Array.from({ length: WRITERS }, (_, which) => writer(which)));
  // Whoever waits for progress is told of what went wrong, and so is who ends it.
  writing.catch(() => {});
  return {
    acknowledged: () => acknowledged,
    failed: () => failed,
    async progress(events) {
      const reached = new Promise<void>((resolve) => {
        watchers.add({ begun: performance.now(), left: events, resolve });
      });
      await Promise.race([reached, writing]);
    },
    async end() {
      ending = true;
      await writing;
    },
  };
}
