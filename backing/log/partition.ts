const M = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * The 32-bit MurmurHash2 of Kafka's Java client, signed: org.apache.kafka.common.utils.Utils.murmur2, with
 * Kafka's fixed seed.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length - (length % 4);
  let h = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let k =
      byte(bytes, at) |
      (byte(bytes, at + 1) << 8) |
      (byte(bytes, at + 2) << 16) |
      (byte(bytes, at + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at--) h ^= byte(bytes, at) << (8 * (at - whole));
    h = Math.imul(h, M);
  }
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}

const byte = (bytes: Uint8Array, at: number) => bytes[at] as number;

const encoder = new TextEncoder();

/** The partition of a key among so many, as Kafka's Java producer finds it from the key's UTF-8. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}
