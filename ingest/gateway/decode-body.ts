import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import type { Lease } from '#backing/http/byte-budget.ts';
import { Problem } from '#contract/problem.ts';

const gunzip = promisify(gunzipCallback);

/** The least and the most that is allocated at a time. */
const [LEAST_CHUNK, MOST_CHUNK] = [1024, 256 * 1024];

/**
 * A body's bytes without their Content-Encoding (gzip or none). What it unpacks to is taken from the lease
 * beforehand. Throws `too-large`, `overloaded`, `unsupported-media-type`, or `bad-request` where the gzip is
 * cut short or damaged.
 */
export async function decodeBody(
  body: Uint8Array,
  {
    encoding = 'identity',
    max_bytes,
    lease,
  }: { encoding?: string | undefined; max_bytes: number; lease: Lease },
): Promise<Uint8Array> {
  const coding = encoding.trim().toLowerCase();
  if (coding === 'identity' || coding === '') {
    if (body.byteLength > max_bytes) throw tooLarge(max_bytes);
    return body;
  }
  if (coding !== 'gzip') {
    throw new Problem(
      'unsupported-media-type',
      `Content-Encoding ${coding.slice(0, 40)} is not read here; use gzip or none`,
      {
        headers: { 'Accept-Encoding': 'gzip' },
      },
    );
  }
  const claimed = Math.min(claimedLength(body), max_bytes);
  lease.grow(claimed);
  try {
    return await unpack(body, claimed);
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw unreadable(error);
    if (claimed === max_bytes) throw tooLarge(max_bytes);
  }
  // Several members, or an untrue claim: only unpacking tells how much it is.
  lease.grow(max_bytes - claimed);
  try {
    return await unpack(body, max_bytes);
  } catch (error) {
    throw codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(max_bytes) : unreadable(error);
  }
}

/** The length that the last member says it unpacks to (RFC 1952, ISIZE). */
function claimedLength(body: Uint8Array): number {
  if (body.byteLength < 18) return 0;
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(body.byteLength - 4, true);
}

function unpack(body: Uint8Array, max_bytes: number): Promise<Uint8Array> {
  const chunkSize = Math.min(Math.max(max_bytes + 1, LEAST_CHUNK), MOST_CHUNK);
  return gunzip(body, { maxOutputLength: Math.max(max_bytes, 1), chunkSize });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function unreadable(cause: unknown): Problem {
  const detail =
    codeOf(cause) === 'Z_BUF_ERROR'
      ? 'The gzip body is cut short: it ends before its end was written; send it whole'
      : 'The body is not gzip, or is damaged, though Content-Encoding says gzip';
  return new Problem('bad-request', detail, { cause });
}

function tooLarge(max_bytes: number): Problem {
  return new Problem('too-large', `The body unpacks to more than ${max_bytes} bytes; send it in parts`);
}
