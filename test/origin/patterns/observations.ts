import type { Observed } from '../../../origin/patterns/observed.ts';

/** People by their engagements, the newest first, and messages by whose they are and what they are about. */
export function observed(
  people: readonly (readonly string[])[],
  said: readonly { vector: readonly number[]; speaker: number; about: string; said_ms?: number }[] = [],
): Observed {
  const campaigns = [...new Set([...people.flat(), ...said.map(({ about }) => about)])].sort();
  const slot = (campaign: string) => campaigns.indexOf(campaign);
  const starts = [0];
  for (const own of people) starts.push((starts.at(-1) as number) + own.length);
  return {
    campaigns,
    starts: Uint32Array.from(starts),
    dated: Uint32Array.from(people, (own) => own.length),
    items: Uint32Array.from(people.flat(), slot),
    // A minute lies between two.
    times: Float64Array.from(
      people.flatMap((own, p) => own.map((_, i) => 1e12 + 60_000 * (p * 100 + own.length - i))),
    ),
    dimension: said[0]?.vector.length ?? 2,
    vectors: Float32Array.from(said.flatMap(({ vector }) => vector)),
    speakers: Uint32Array.from(said, ({ speaker }) => speaker),
    abouts: Uint32Array.from(said, ({ about }) => slot(about)),
    said_ms: Float64Array.from(said, ({ said_ms = 1e12 }) => said_ms),
  };
}
