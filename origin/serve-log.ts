import { errorFields, type Report } from '#backing/http/report.ts';
import type { Log } from '#backing/log/port.ts';
import { type Served, servedRecord } from '#contract/served.ts';
import { topics } from '#contract/topics.ts';

/** So many answers may wait to be written: some seconds' worth. What comes beyond is not kept. */
const MOST_WAITING = 5_000;
const BATCH = 500;
/** How long the first of a batch waits for others. */
const LINGER_MS = 200;
const APPEND_MS = 5_000;

export type ServeLog = {
  /** Takes an answer to be written behind it. Never throws, and never waits. */
  add(served: Omit<Served, 'v'>): void;
  /** Writes what waits. */
  close(): Promise<void>;
};

/**
 * Writes what was answered to the log, in batches behind the answers. It is there to learn from, so it may have gaps: what the
 * log does not take is counted by `lost`, and an answer never waits for it.
 */
export function openServeLog({
  log,
  report,
  lost,
}: {
  log: Pick<Log, 'append'>;
  report: Report;
  lost: (count: number) => void;
}): ServeLog {
  const waiting: Omit<Served, 'v'>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let failing = false;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      try {
        await log.append(topics.served, batch.map(servedRecord), AbortSignal.timeout(APPEND_MS));
        failing = false;
      } catch (error) {
        lost(batch.length);
        if (!failing) {
          const message = 'what was answered cannot be written to the log: it will be missing to learn from';
          report({ level: 'warn', message, error: errorFields(error) });
        }
        failing = true;
      }
    }
  }

  function begin(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= write().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  return {
    add(served) {
      if (waiting.length >= MOST_WAITING) return lost(1);
      waiting.push(served);
      if (waiting.length >= BATCH) void begin();
      else timer ??= setTimeout(begin, LINGER_MS);
    },
    async close() {
      await begin();
      if (waiting.length > 0) await begin();
    },
  };
}
