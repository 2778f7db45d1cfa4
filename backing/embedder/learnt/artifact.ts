import * as v from 'valibot';
import type { Embedder } from '../port.ts';
import { learntEmbedder } from './embedder.ts';
import type { Table } from './table.ts';

/** What a file of this form begins with. */
const FORM = Buffer.from('edgewise learnt 1\n');
const FLOAT_BYTES = 4;

const Header = v.strictObject({
  tenant_id: v.string(),
  dimension: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)),
  words: v.array(v.string()),
});

/** A file is no table that was learnt, or not the one it is named for. */
class TableBroken extends Error {
  readonly code = 'table_broken';
  readonly retryable = false;
}

/** A tenant's table as a file: the form, the length of the header, the header, the vectors, the common direction. */
export function encodeTable({ words, dimension, vectors, common }: Table, tenant_id: string): Uint8Array {
  const header = Buffer.from(JSON.stringify({ tenant_id, dimension, words }));
  const length = Buffer.alloc(FLOAT_BYTES);
  length.writeUInt32LE(header.length);
  const numbers = [vectors, common].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return Buffer.concat([FORM, length, header, ...numbers]);
}

/** Its embedder. Throws TableBroken where the file is not the tenant's table of that digest, to the last bit. */
export function decodeTable(
  bytes: Uint8Array,
  { tenant_id, digest }: { tenant_id: string; digest: string },
): Embedder {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const broken = (cause?: unknown) =>
    new TableBroken(`What was learnt for ${tenant_id} (${digest.slice(0, 12)}) is broken: learn it anew`, {
      cause,
    });
  const from = FORM.length + FLOAT_BYTES;
  if (file.length < from || !file.subarray(0, FORM.length).equals(FORM)) throw broken();
  const to = from + file.readUInt32LE(FORM.length);
  let header: v.InferOutput<typeof Header>;
  try {
    header = v.parse(Header, JSON.parse(file.toString('utf8', from, to)));
  } catch (cause) {
    throw broken(cause);
  }
  const { dimension, words } = header;
  if (file.length !== to + (words.length + 1) * dimension * FLOAT_BYTES) throw broken();
  // A copy, since numbers must lie at a multiple of their size.
  const numbers = new Float32Array(new Uint8Array(file.subarray(to)).buffer);
  const vectors = numbers.subarray(0, words.length * dimension);
  const table = { dimension, words, vectors, common: numbers.subarray(words.length * dimension) };
  const embedder = learntEmbedder(table, header.tenant_id);
  if (header.tenant_id !== tenant_id || embedder.version.digest !== digest) throw broken();
  return embedder;
}
