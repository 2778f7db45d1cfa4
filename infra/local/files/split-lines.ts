/** A line of a file, counted from 1, without its line feed; null where it is longer than is read. */
export type Line = { number: number; bytes: Buffer | null };

const [TAB, LF, CR, SPACE] = [9, 10, 13, 32];
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a stream of bytes, some at a time, in their order. Blank ones are counted and left out; of one
 * longer than `max_bytes` only the number is told, so that no line can fill the memory.
 */
export async function* splitLines(stream: AsyncIterable<Buffer>, max_bytes: number): AsyncGenerator<Line[]> {
  let [number, held_bytes]: [number, number] = [0, 0];
  let held: Buffer[] = [];

  const hold = (part: Buffer) => {
    held_bytes += part.length;
    if (held_bytes <= max_bytes) held.push(part);
    else held = [];
  };
  const take = (): Line | null => {
    number += 1;
    const whole = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    const bytes = held_bytes > max_bytes ? null : number === 1 ? withoutBom(whole) : whole;
    [held, held_bytes] = [[], 0];
    return bytes && isBlank(bytes) ? null : { number, bytes };
  };

  for await (const chunk of stream) {
    const lines: Line[] = [];
    let at = 0;
    for (let feed = chunk.indexOf(LF); feed !== -1; feed = chunk.indexOf(LF, at)) {
      hold(chunk.subarray(at, feed));
      const line = take();
      if (line) lines.push(line);
      at = feed + 1;
    }
    if (at < chunk.length) hold(chunk.subarray(at));
    yield lines;
  }
  const last = held_bytes > 0 ? take() : null;
  if (last) yield [last];
}

function withoutBom(line: Buffer): Buffer {
  return line.subarray(0, 3).equals(BOM) ? line.subarray(3) : line;
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === SPACE || byte === TAB || byte === CR);
}
