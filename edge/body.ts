import { Problem } from '#contract/problem.ts';

const LONGEST_MS = 30_000;

/**
 * The bytes of a stream, at most `max_bytes` of them: what is longer is refused as soon as it is, whatever
 * length was announced, and what has not come after 30 s is given up. Throws `too-large` or `too-slow`.
 */
export async function readBytes(
  stream: ReadableStream | null,
  max_bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!stream) return new Uint8Array(0);
  const reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader.cancel();
  }, LONGEST_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw new Problem('too-slow', `The body did not come within ${LONGEST_MS / 1000} s`);
      if (done) break;
      length += value.byteLength;
      if (length > max_bytes) {
        await reader.cancel();
        throw new Problem('too-large', `The body may have at most ${max_bytes} bytes; send less at once`);
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** A media type without its parameters, in lower case. */
export function mediaType(headers: Headers): string {
  return (headers.get('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** A Content-Encoding that is read here: gzip, or null for none. Throws `unsupported-media-type`. */
export function encodingOf(headers: Headers): 'gzip' | null {
  const encoding = headers.get('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return null;
  if (encoding === 'gzip') return 'gzip';
  throw new Problem('unsupported-media-type', 'Send it plain, or with the Content-Encoding gzip');
}

/** The bytes of a stream that is gzip, unpacked, at most so many. Throws `too-large`, or `bad-request` where it is none. */
export async function unpacked(
  stream: ReadableStream | null,
  max_bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readBytes(stream?.pipeThrough(new DecompressionStream('gzip')) ?? null, max_bytes);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('bad-request', 'The body cannot be unpacked', { cause });
  }
}

/** A body as JSON, plain or gzip, its bytes bounded. Throws `unsupported-media-type`, `too-large` or `bad-request`. */
export async function readJson(request: Request, max_bytes: number): Promise<unknown> {
  if (mediaType(request.headers) !== 'application/json') {
    throw new Problem('unsupported-media-type', 'Send the body as application/json');
  }
  const read = encodingOf(request.headers) === 'gzip' ? unpacked : readBytes;
  const bytes = await read(request.body, max_bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new Problem('bad-request', 'The body is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('bad-request', 'The body is not JSON');
  }
}
