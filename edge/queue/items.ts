import { BATCH, DECODED_BYTES, ITEM_BYTES } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import { unpacked } from '../body.ts';
import type { Events } from '../gateway.ts';

/** One of the events in a body, by its place (in NDJSON its line, from 0), or why it cannot be read. */
type Item = { index: number; value: unknown } | { index: number; malformed: string };

/** The text of a body. Throws `too-large`, or `bad-request` where it is not gzip as it says, or not UTF-8. */
async function textOf({ body, encoding }: Pick<Events, 'body' | 'encoding'>): Promise<string> {
  const bytes = encoding === 'gzip' ? await unpacked(new Blob([body]).stream(), DECODED_BYTES) : body;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new Problem('bad-request', 'The body is not UTF-8', { cause });
  }
}

function listOf(text: string): Item[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Problem('bad-request', 'The body is not JSON');
  }
  const { events, ...others } = (json ?? {}) as { events?: unknown };
  if (!Array.isArray(events) || events.length > BATCH || Object.keys(others).length > 0) {
    throw new Problem('invalid-request', `Send {"events": […]} of at most ${BATCH}, or application/x-ndjson`);
  }
  return events.map((value, index) => ({ index, value }));
}

function* linesOf(text: string): Generator<Item> {
  for (let [at, index] = [0, 0]; at < text.length; index++) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed;
    const line = text.slice(at, end).trim();
    at = end + 1;
    if (line === '') continue;
    if (line.length > ITEM_BYTES) {
      yield { index, malformed: `The line is longer than ${ITEM_BYTES} bytes` };
      continue;
    }
    try {
      yield { index, value: JSON.parse(line) };
    } catch {
      yield { index, malformed: 'The line is not JSON; write one object a line' };
    }
  }
}

/** The events of a body, as the gateway would read them. Throws `too-large`, `bad-request` or `invalid-request`. */
export async function readItems(events: Pick<Events, 'body' | 'encoding' | 'type'>): Promise<Iterable<Item>> {
  const text = await textOf(events);
  return events.type === 'application/json' ? listOf(text) : linesOf(text);
}
