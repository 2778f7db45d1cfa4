import { QUEUED_FORMAT, type QueuedEvents } from '#contract/queued-events.ts';

/** A queue takes 128 KB a message, and 256 KB and 100 messages at a time; some room is left for what is around them. */
const MESSAGE_BYTES = 120_000;
const CALL_BYTES = 250_000;
const CALL_MESSAGES = 100;
const AROUND_BYTES = 300;

const encoder = new TextEncoder();

type Head = Pick<QueuedEvents, 'tenant_id' | 'accepted_at'>;
type Message = { text: string; bytes: number };

function messageOf({ tenant_id, accepted_at }: Head, events: readonly string[], bytes: number): Message {
  const head = JSON.stringify({ format: QUEUED_FORMAT, tenant_id, accepted_at });
  return { text: `${head.slice(0, -1)},"events":[${events.join(',')}]}`, bytes };
}

/** Events as messages of a queue, each within its limit; an event alone is always far below it. */
function messagesOf(head: Head, events: readonly unknown[]): Message[] {
  const messages: Message[] = [];
  let [texts, bytes]: [string[], number] = [[], AROUND_BYTES];
  for (const event of events) {
    const text = JSON.stringify(event);
    const weight = encoder.encode(text).byteLength + 1;
    if (texts.length > 0 && bytes + weight > MESSAGE_BYTES) {
      messages.push(messageOf(head, texts, bytes));
      [texts, bytes] = [[], AROUND_BYTES];
    }
    texts.push(text);
    bytes += weight;
  }
  if (texts.length > 0) messages.push(messageOf(head, texts, bytes));
  return messages;
}

/** Events as the texts of messages, by the calls that hand them over, each within the limits of a queue. */
export function callsOf(head: Head, events: readonly unknown[]): string[][] {
  const calls: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messagesOf(head, events)) {
    const call = calls.at(-1);
    if (!call || bytes + message.bytes > CALL_BYTES || call.length === CALL_MESSAGES) {
      calls.push([message.text]);
      bytes = message.bytes;
    } else {
      call.push(message.text);
      bytes += message.bytes;
    }
  }
  return calls;
}
