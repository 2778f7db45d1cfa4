/** After so many messages of a person, one counts half. */
const HALF_LIFE_MESSAGES = 4;
/** Those beyond would count under 2 % of the first. */
export const MESSAGES = 24;

/** The vectors of a person's messages, newest first, each with how much it counts; null is one that there is no vector of. */
export function latestSaid(vectors: readonly (Float32Array | null)[]) {
  return vectors
    .slice(0, MESSAGES)
    .flatMap((vector, i) => (vector ? [{ vector, weight: 0.5 ** (i / HALF_LIFE_MESSAGES) }] : []));
}
