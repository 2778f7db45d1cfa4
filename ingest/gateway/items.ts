import { isUtf8 } from 'node:buffer';
import * as v from 'valibot';
import { BATCH, ITEM_BYTES } from '#contract/limits.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { readJson } from './read-json.ts';

/** One of many in a body, by its place (in NDJSON its line, from 0), or why it cannot be read. */
export type Item = { index: number; value: unknown } | { index: number; malformed: string };

/** `{"events":[…]}` or `{"campaigns":[…]}`. */
export type ListName = 'events' | 'campaigns';

/**
 * What a body holds, one by one: NDJSON, or JSON with a list of that name. Throws `unsupported-media-type`,
 * and for JSON `bad-request` or `invalid-request`, since a broken JSON body has no parts to judge.
 */
export function readItems(body: Uint8Array, contentType: string | undefined, name: ListName): Iterable<Item> {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'application/x-ndjson') return readLines(body);
  if (mediaType === 'application/json') return readList(body, name);
  throw new Problem(
    'unsupported-media-type',
    'Send application/json or application/x-ndjson, and say so in Content-Type',
    {
      headers: { Accept: 'application/json, application/x-ndjson' },
    },
  );
}

const tooMany = `At most ${BATCH} in a JSON body; send more as application/x-ndjson`;
const list = v.pipe(v.array(v.unknown()), v.maxLength(BATCH, tooMany));
const bodies = { events: v.strictObject({ events: list }), campaigns: v.strictObject({ campaigns: list }) };

function readList(body: Uint8Array, name: ListName): Item[] {
  const read: { events?: unknown[]; campaigns?: unknown[] } = parse(bodies[name], readJson(body));
  return (read[name] ?? []).map((value, index) => ({ index, value }));
}

const LF = 10;
const CR = 13;

function* readLines(body: Uint8Array): Generator<Item> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const sound = isUtf8(bytes);
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const feed = bytes.indexOf(LF, at);
    const next = feed === -1 ? bytes.length : feed;
    const end = next > at && bytes[next - 1] === CR ? next - 1 : next;
    const item = readLine(bytes, at, end, index, sound);
    if (item) yield item;
    at = next + 1;
  }
}

function readLine(bytes: Buffer, from: number, to: number, index: number, sound: boolean): Item | null {
  if (to - from > ITEM_BYTES) return { index, malformed: `The line is longer than ${ITEM_BYTES} bytes` };
  if (!sound && !isUtf8(bytes.subarray(from, to))) return { index, malformed: 'The line is not valid UTF-8' };
  const line = bytes.toString('utf8', from, to);
  try {
    return { index, value: JSON.parse(line) };
  } catch (error) {
    if (line.trim() === '') return null;
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    return {
      index,
      malformed: `The line is not JSON${position ? `, from character ${position} on` : ''}; write one object a line`,
    };
  }
}
