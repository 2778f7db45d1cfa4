import * as v from 'valibot';
import { QUEUED_PATH, QueuedEvents } from '#contract/queued-events.ts';
import { type Log, traceOf } from '../log.ts';
import type { SignedFetch } from '../signed-fetch.ts';
import { traceparent } from '../traceparent.ts';

const DEADLINE_MS = 10_000;
const AT_ONCE = 4;
const FIRST_S = 5;
const LONGEST_S = 1_800;
const ACCEPTED = 202;

const Queued = v.pipe(v.string(), v.parseJson(), QueuedEvents);

/** The gateway did not take a message; it goes round again, in the end to the dead letters. */
class NotTaken extends Error {
  readonly code = 'not_taken';
  readonly retryable = true;
}

/** How long a message waits before it is tried again, in s. */
function delayOf(attempts: number): number {
  return Math.min(LONGEST_S, FIRST_S * 2 ** Math.max(0, attempts - 1));
}

/**
 * Hands queued events to the gateway, with the moment they were accepted at. Each message is acknowledged once
 * the log has all of it, else tried again later, on its own. Delivered twice or in another order, they are the
 * same events.
 */
export async function deliverQueued({
  messages,
  send,
  log,
}: {
  messages: readonly Pick<Message<unknown>, 'body' | 'attempts' | 'ack' | 'retry'>[];
  send: SignedFetch;
  log: Log;
}): Promise<void> {
  const encoder = new TextEncoder();

  async function deliver(body: unknown): Promise<void> {
    const { tenant_id } = v.parse(Queued, body);
    await send(
      {
        method: 'POST',
        path: QUEUED_PATH,
        caller: { tenant_id, subject: null, scopes: ['events:write'] },
        deadline_ms: DEADLINE_MS,
        headers: { traceparent: traceparent(new Headers()), 'Content-Type': 'application/json' },
        body: new Uint8Array(encoder.encode(body as string)),
      },
      async (response) => {
        await response.body?.cancel();
        if (response.status !== ACCEPTED) throw new NotTaken(`The gateway answered ${response.status}`);
      },
    );
  }

  const left = [...messages];
  const worker = async () => {
    for (let message = left.shift(); message; message = left.shift()) {
      try {
        await deliver(message.body);
        message.ack();
      } catch (error) {
        const { attempts } = message;
        log({ level: 'warn', event: 'not_delivered', attempts, ...traceOf(error) });
        message.retry({ delaySeconds: delayOf(attempts) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
