import { BATCH } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';

/**
 * The most values in a JSON body: more than the largest sound one has. A value takes up to 70 times its byte
 * once it is parsed, so a body of brackets within every limit could take 1.3 GB.
 */
const VALUES = BATCH * 2000;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a JSON body holds. Throws `bad-request` where it is not UTF-8 or not JSON, `too-large` where it has too many values. */
export function readJson(body: Uint8Array): unknown {
  if (hasMoreValues(body, VALUES))
    throw new Problem('too-large', `The body holds more than ${VALUES} values; send it in parts`);
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new Problem('bad-request', 'The body is not valid UTF-8', { cause });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new Problem(
      'bad-request',
      `The body is not JSON${position ? `, from character ${position} on` : ''}`,
    );
  }
}

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

function hasMoreValues(body: Uint8Array, max: number): boolean {
  // Each value but the first of its list or object follows a comma, so a short body needs no counting.
  if (body.byteLength <= max) return false;
  let values = 0;
  for (let at = 0; at < body.byteLength; at++) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
    if (values > max) return true;
  }
  return false;
}

function endOfString(body: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < body.byteLength && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
