import { Problem } from '#contract/problem.ts';
import type { Lease } from './byte-budget.ts';

/** Leased before a body of undeclared length is begun. */
const FIRST_BYTES = 64 * 1024;

/**
 * The bytes of a body as they came, empty where there is none. The limit holds for what is declared and,
 * since that may be untrue, for what arrives. Throws `too-large`, `overloaded` (by the lease, before anything is read),
 * `bad-request` where the body breaks off, or the signal's reason.
 */
export async function readBody(
  request: Request,
  { max_bytes, lease, signal }: { max_bytes: number; lease: Lease; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = request.headers.get('content-length');
  if (Number(declared) > max_bytes) throw tooLarge(max_bytes);
  // By Fetch these have none; asking for it would cost making the whole request.
  if (request.method === 'GET' || request.method === 'HEAD' || request.body === null) return new Uint8Array();
  let leased = declared === null ? FIRST_BYTES : Number(declared);
  lease.grow(leased);

  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  const cancel = () => reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', cancel);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new Problem('bad-request', 'The body broke off before its end; send it again', { cause });
      });
      signal.throwIfAborted();
      if (done) break;
      length += value.byteLength;
      if (length > max_bytes) throw tooLarge(max_bytes);
      if (length > leased) {
        lease.grow(length - leased);
        leased = length;
      }
      chunks.push(value);
    }
  } catch (error) {
    cancel();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array<ArrayBuffer>) : Buffer.concat(chunks);
}

function tooLarge(max_bytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${max_bytes} bytes; send it in parts`);
}
