import type { Seen } from './position-bias.ts';
import type { ServedAnswer } from './served.ts';

/** The sources that answers have features of, by name. */
export function sourcesOf(answers: readonly ServedAnswer[]): string[] {
  const all = answers.flatMap(({ candidates }) => candidates.flatMap((one) => Object.keys(one.features)));
  return [...new Set(all)].sort();
}

/** What was seen of answers, as rows of the features of some sources. */
export function seenOf(answers: readonly ServedAnswer[], sources: readonly string[]): Seen {
  const rows = answers.flatMap(({ candidates, seen }) => {
    const byId = new Map(candidates.map(({ campaign_id, features }) => [campaign_id, features]));
    return seen.flatMap(({ campaign_id, ...one }) => {
      const features = byId.get(campaign_id);
      return features ? [{ features, ...one }] : [];
    });
  });
  const width = sources.length;
  const features = new Float64Array(rows.length * width);
  for (const [row, { features: given }] of rows.entries())
    for (const [j, source] of sources.entries()) features[row * width + j] = given[source] ?? 0;
  return {
    width,
    features,
    positions: Uint16Array.from(rows, ({ position }) => position),
    clicked: Uint8Array.from(rows, ({ clicked }) => Number(clicked)),
  };
}
