/** The most that a component of a question is, where the sum allows it: 16 bits with their sign. */
const MOST = 2 ** 15 - 1;
const MOST_SUM = 2 ** 31 - 1;
const MOST_BYTE = 127;

/**
 * A question in whole numbers, as fine as a sum of 32 bits over its products with bytes allows; `scale` is what they
 * were multiplied by. The rest of `into` is made 0.
 */
export function askInto(into: Int16Array, vector: Float32Array): { scale: number } {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] as number));
  into.fill(0);
  if (largest === 0) return { scale: 1 };
  const scale = Math.min(MOST, Math.floor(MOST_SUM / (MOST_BYTE * vector.length))) / largest;
  for (let i = 0; i < vector.length; i++) into[i] = Math.round((vector[i] as number) * scale);
  return { scale };
}
