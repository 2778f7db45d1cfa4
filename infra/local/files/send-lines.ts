import type { Rejection } from '#contract/verdict.ts';
import type { RouteName, Send } from './gateway-client.ts';
import type { Line } from './split-lines.ts';

/** Why a line was refused. */
export type Refused = Omit<Rejection, 'index'> & { line: number };

/** What became of the lines of one request. */
export type Sent = { accepted: readonly Line[]; refused: readonly Refused[] };

export type SendLinesOptions = {
  send: Send;
  route: RouteName;
  lines: AsyncIterable<readonly Line[]>;
  /** The most lines in one request. */
  max_lines?: number;
  /** Told of each request's outcome, in the order of the lines. */
  onSent(sent: Sent): void;
};

/** Well under what the gateway takes, and enough that the cost of a request is spread thin. */
const MAX_LINES = 2000;
const MAX_BYTES = 3 * 1024 * 1024;

/**
 * Sends lines in their order: the next request is made up while one is on its way, and sent when that has
 * been answered. Throws what `send` throws; all before it has been told of.
 */
export async function sendLines({
  send,
  route,
  lines,
  max_lines = MAX_LINES,
  onSent,
}: SendLinesOptions): Promise<void> {
  let underway: Promise<void> = Promise.resolve();
  for await (const some of bundles(lines, max_lines)) {
    await underway;
    underway = sendSome(some);
    // Rejected while the next is made up, it would count as unhandled; the await above throws it all the same.
    underway.catch(() => {});
  }
  await underway;

  async function sendSome(some: readonly Line[]) {
    const whole = some.flatMap(({ number, bytes }) => (bytes ? [{ number, bytes }] : []));
    const refused = some.flatMap(({ number, bytes }) => (bytes ? [] : [tooLong(number)]));
    const body = Buffer.concat(whole.flatMap(({ bytes }) => [bytes, FEED]));
    const { rejected } = whole.length > 0 ? await send(route, body) : { rejected: [] };
    for (const { index, ...why } of rejected) refused.push({ line: whole[index]?.number ?? 0, ...why });
    const lines = new Set(refused.map(({ line }) => line));
    onSent({
      accepted: whole.filter(({ number }) => !lines.has(number)),
      refused: refused.sort((a, b) => a.line - b.line),
    });
  }
}

const FEED = Buffer.from('\n');

function tooLong(line: number): Refused {
  const detail = 'The line is longer than any event or campaign may be';
  return { line, message_id: null, code: 'malformed', detail, pointer: null };
}

async function* bundles(lines: AsyncIterable<readonly Line[]>, max_lines: number): AsyncGenerator<Line[]> {
  let [bundle, weight]: [Line[], number] = [[], 0];
  for await (const some of lines) {
    for (const line of some) {
      const bytes = line.bytes?.length ?? 0;
      if (bundle.length === max_lines || (bundle.length > 0 && weight + bytes > MAX_BYTES)) {
        yield bundle;
        [bundle, weight] = [[], 0];
      }
      bundle.push(line);
      weight += bytes + 1;
    }
  }
  if (bundle.length > 0) yield bundle;
}

/** Records that are at hand already, as the lines of a file that was never written. */
export async function* linesOf(records: readonly unknown[]): AsyncGenerator<Line[]> {
  yield records.map((record, at) => ({ number: at + 1, bytes: Buffer.from(JSON.stringify(record)) }));
}
