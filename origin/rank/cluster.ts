type Point = { vector: Float32Array; weight: number };

const ROUNDS = 4;

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The direction of the weighted sum; null where it has none. */
export function centre(points: readonly Point[]): Float32Array | null {
  const sum = new Float32Array(points[0]?.vector.length ?? 0);
  for (const { vector, weight } of points) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (vector[i] as number);
  }
  const norm = Math.sqrt(dot(sum, sum));
  return norm > 0 ? sum.map((x) => x / norm) : null;
}

function nearest(vector: Float32Array, centres: readonly Float32Array[]): number {
  let [best, at] = [-Infinity, 0];
  centres.forEach((candidate, i) => {
    const similarity = dot(vector, candidate);
    if (similarity > best) [best, at] = [similarity, i];
  });
  return at;
}

/**
 * Up to k centres of weighted points of length 1, each with its share of the weight: spherical k-means
 * (Dhillon and Modha, 2001), begun with the heaviest point and then whichever lies farthest from those chosen, so that
 * equal points give equal centres.
 */
export function cluster(points: readonly Point[], k: number): { vector: Float32Array; share: number }[] {
  const sayable = points.filter(({ vector }) => vector.some((x) => x !== 0));
  const first = sayable.reduce<Point | null>((best, p) => (best && best.weight >= p.weight ? best : p), null);
  if (!first) return [];
  let centres = [first.vector];
  const closeness = sayable.map(() => -Infinity);
  while (centres.length < Math.min(k, sayable.length)) {
    const newest = centres[centres.length - 1] as Float32Array;
    let [most, farthest] = [-Infinity, first.vector];
    sayable.forEach(({ vector, weight }, i) => {
      closeness[i] = Math.max(closeness[i] as number, dot(vector, newest));
      const distance = (1 - (closeness[i] as number)) * weight;
      if (distance > most) [most, farthest] = [distance, vector];
    });
    centres.push(farthest);
  }
  let groups: Point[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    groups = centres.map(() => []);
    for (const point of sayable) groups[nearest(point.vector, centres)]?.push(point);
    groups = groups.filter((group) => group.length > 0);
    centres = groups.map((group) => centre(group)).filter((c) => c !== null);
  }
  const total = sayable.reduce((sum, { weight }) => sum + weight, 0);
  return groups.flatMap((group) => {
    const vector = centre(group);
    return vector ? [{ vector, share: group.reduce((sum, { weight }) => sum + weight, 0) / total }] : [];
  });
}
