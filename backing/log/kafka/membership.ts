import { setTimeout as sleep } from 'node:timers/promises';
import { errorFields } from '../../http/report.ts';
import { delayAfter } from '../backoff.ts';
import type { Consumer, ConsumerOptions } from '../port.ts';
import { unavailable } from './errors.ts';
import { type Seat, takeSeat } from './seat.ts';
import type { Settings } from './settings.ts';

/** How often joining a group is tried at first. */
const FIRST_ATTEMPTS = 8;

/**
 * Joins a group, and takes a new place in it whenever one was lost, until it is stopped. Rejects with
 * LogUnavailable where it cannot join in the first place.
 */
export async function join(settings: Settings, options: ConsumerOptions): Promise<Consumer> {
  const { backoff, close_timeout_ms, report } = settings;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  let seat = takeSeat(settings, options);
  for (let attempt = 1; ; attempt++) {
    try {
      await seat.joined;
      break;
    } catch (error) {
      await seat.leave(0);
      // A group that is new, or whose broker has just started, has no coordinator for a moment.
      if (attempt === FIRST_ATTEMPTS)
        throw unavailable(`The group "${options.group}" cannot be joined`, error);
      await sleep(delayAfter(attempt, backoff));
      seat = takeSeat(settings, options);
    }
  }

  async function keepSeated(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const error = await Promise.race([seat.lost, stopped]);
      if (stopping.signal.aborted) return;
      const retry_ms = delayAfter(attempt, backoff);
      const { group } = options;
      report({
        level: 'error',
        message: 'A consumer has lost its place in its group, and takes a new one',
        group,
        retry_ms,
        error: errorFields(error),
      });
      await seat.leave(0);
      await Promise.race([sleep(retry_ms), stopped]);
      if (stopping.signal.aborted) return;
      seat = takeSeat(settings, options);
      if (await hasJoined(seat)) attempt = 0;
    }
  }
  void keepSeated();

  return {
    async stop() {
      stopping.abort();
      await seat.leave(close_timeout_ms);
    },
  };
}

const hasJoined = ({ joined, lost }: Seat) =>
  Promise.race([joined.then(() => true), lost.then(() => false)]).catch(() => false);
