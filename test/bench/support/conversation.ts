/** Events as apps send them, each with an identity that no other has, of so many people. */
export function conversation(prefix: string, total: number, people = 20_000): object[] {
  const occurred_at = new Date().toISOString();
  return Array.from({ length: total }, (_, at) => ({
    message_id: `${prefix}-${at}`,
    type: 'message',
    user_id: `u-${(at * 7919) % people}`,
    text: Array.from({ length: 14 }, (_, word) => WORDS[(at * 31 + word * 17) % WORDS.length]).join(' '),
    occurred_at,
    campaign_id: at % 3 === 0 ? `c-${at % 80}` : null,
    locale: 'en',
    channel: '#help',
  }));
}

const WORDS =
  'the wifi drops after suspend and nothing helps so please tell me how to make the sound card work with this new kernel before i give up'.split(
    ' ',
  );

/** NDJSON bodies of so many events each. */
export function bodiesOf(events: readonly object[], batch: number): Buffer<ArrayBuffer>[] {
  const bodies: Buffer<ArrayBuffer>[] = [];
  for (let at = 0; at < events.length; at += batch) {
    const lines = events.slice(at, at + batch).map((event) => JSON.stringify(event));
    bodies.push(Buffer.from(lines.join('\n')));
  }
  return bodies;
}
