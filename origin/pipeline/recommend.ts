import type { Candidate, Found, Query, Ranked, Source, Stages } from './stages.ts';
import { within } from './within.ts';

/** How long hydrators and sources may take, each (ms): what is late is left out, and named. */
export type Deadlines = { hydrator_ms: number; source_ms: number };

/** What a source found as shares of its best, so that sources of any unit can be added up. */
function normalise(found: Found): Map<string, number> {
  let best = 0;
  for (const strength of found.values()) best = Math.max(best, strength);
  if (best <= 0) return new Map();
  return new Map([...found].map(([campaign_id, strength]) => [campaign_id, Math.max(0, strength) / best]));
}

/** The campaigns that any source found and the catalogue knows, with what each source says of them. */
function join(found: readonly { name: string; found: Found }[], query: Query): Candidate[] {
  const candidates = new Map<string, Map<string, number>>();
  for (const { name, found: raised } of found) {
    for (const [campaign_id, feature] of normalise(raised)) {
      const features = candidates.get(campaign_id) ?? new Map<string, number>();
      features.set(name, feature);
      candidates.set(campaign_id, features);
    }
  }
  return [...candidates].flatMap(([campaign_id, features]) => {
    const campaign = query.catalogue.get(campaign_id);
    return campaign ? [{ campaign, features }] : [];
  });
}

/** Runs a question through the stages. What a dependency could not give is named in `query.degraded`. */
export async function recommend(query: Query, stages: Stages, deadlines: Deadlines): Promise<Ranked[]> {
  const attempt = async <Value>(
    dependency: string,
    deadline_ms: number,
    run: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value | null> => {
    try {
      return await within(deadline_ms, query.signal, run);
    } catch {
      query.signal.throwIfAborted();
      query.degraded.add(dependency);
      return null;
    }
  };
  for (const round of stages.hydrators) {
    await Promise.all(
      round.map(({ dependency, hydrate }) =>
        attempt(dependency, deadlines.hydrator_ms, (signal) => hydrate(query, signal)),
      ),
    );
  }
  const wanted = stages.sources.filter(({ name }) => (query.placement.weights[name] ?? 0) > 0);
  const found = await Promise.all(
    wanted.map(async ({ name, dependency, find }: Source) => ({
      name,
      found: (await attempt(dependency, deadlines.source_ms, (signal) => find(query, signal))) ?? new Map(),
    })),
  );
  const allowed = join(found, query).filter((candidate) =>
    stages.filters.every((filter) => filter(candidate, query)),
  );
  return stages.selector(stages.ranker.rank(allowed, query), query);
}
