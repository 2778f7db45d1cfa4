import { DEAD_LETTERS_MS, deadLetterKey } from '#contract/queued-events.ts';
import { type Log, traceOf } from '../log.ts';

const RETRY_S = 300;

type Letter = Pick<Message<unknown>, 'id' | 'timestamp' | 'body' | 'ack' | 'retry'>;

/**
 * Keeps what the gateway has refused to the last, until an operator says what is to become of it
 * (`npm run queue`). Each message is acknowledged once it is kept; kept twice, it is one letter.
 */
export async function setAside({
  messages,
  kept,
  log,
}: {
  messages: readonly Letter[];
  kept: Pick<KVNamespace, 'put'>;
  log: Log;
}): Promise<void> {
  await Promise.all(
    messages.map(async (message) => {
      const { id, timestamp, body } = message;
      try {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        await kept.put(deadLetterKey(timestamp, id), text, { expirationTtl: DEAD_LETTERS_MS / 1000 });
        log({ level: 'error', event: 'set_aside', id });
        message.ack();
      } catch (error) {
        log({ level: 'error', event: 'not_set_aside', id, ...traceOf(error) });
        message.retry({ delaySeconds: RETRY_S });
      }
    }),
  );
}
