import { orAborted } from '#backing/or-aborted.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import type { Budget } from './budget.ts';
import type { Candidate, Filter, Found, Query, Ranked, Ranking, Source, Stages } from './stages.ts';
import { deadline, within } from './within.ts';

type Means = {
  budget: Budget;
  /** Told how many campaigns each source raised. */
  raised?: (source: string, count: number) => void;
  /** Told of the candidates, with their features. */
  onRanked?: ((query: Query, candidates: readonly Candidate[]) => void) | undefined;
  /** Told how long a stage waited for its dependency. */
  waited?: ((dependency: string, took_ms: number) => void) | undefined;
  /** Keeps a trace of each stage. */
  span?: Traces['span'];
};

type Raised = { name: string; found: Found };

/** The campaigns that any source found, that the catalogue knows and that may be shown, without features yet. */
function join(found: readonly Raised[], query: Query, filters: readonly Filter[]): Map<string, Candidate> {
  const seen = new Set<string>();
  const candidates = new Map<string, Candidate>();
  for (const { found: raised } of found) {
    for (const campaign_id of raised.keys()) {
      if (seen.has(campaign_id)) continue;
      seen.add(campaign_id);
      const campaign = query.catalogue.get(campaign_id);
      if (!campaign) continue;
      const candidate = { campaign, features: new Map<string, number>() };
      if (filters.every((filter) => filter(candidate, query))) candidates.set(campaign_id, candidate);
    }
  }
  return candidates;
}

/**
 * Gives each candidate what a source says of it, in units of how much that differs from candidate to candidate (a z-score, but
 * from nothing instead of from the mean), so that sources of any unit can be added up. A source that says the same of
 * all tells none from another, and gives each one unit.
 */
function normalise({ name, found }: Raised, candidates: ReadonlyMap<string, Candidate>): void {
  let [sum, squares] = [0, 0];
  for (const [campaign_id, strength] of found) {
    if (!(strength > 0) || !candidates.has(campaign_id)) continue;
    sum += strength;
    squares += strength * strength;
  }
  const count = Math.max(1, candidates.size);
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const same = deviation <= 1e-9 * (sum / count) || sum === 0;
  for (const [campaign_id, strength] of found) {
    if (!same && !(strength > 0)) continue;
    candidates.get(campaign_id)?.features.set(name, same ? 1 : strength / deviation);
  }
}

const asksFor = ({ weights, asks }: Ranking, source: string) =>
  (weights[source] ?? 0) > 0 || asks.has(source);

/**
 * Runs a question through the stages, each round within its share of the budget. What a dependency could not give in
 * time is left out, and named in `query.degraded`.
 */
export async function recommend(
  query: Query,
  stages: Stages,
  { budget, raised, onRanked, waited, span = noTraces.span }: Means,
): Promise<{ ranked: readonly Ranked[]; selected: readonly Ranked[] }> {
  const attempt = async <Value>(dependency: string, run: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await run();
    } catch {
      query.signal.throwIfAborted();
      query.degraded.add(dependency);
      return null;
    }
  };
  /** The same, of what asks a dependency: its time is told. */
  const ask = async <Value>(dependency: string, run: () => Promise<Value>): Promise<Value | null> => {
    const begun_ms = performance.now();
    const given = await attempt(dependency, run);
    waited?.(dependency, performance.now() - begun_ms);
    return given;
  };
  let rounds = stages.hydrators.length + 1;
  /** Runs a round: its stages share one deadline. */
  const inRound = async <Value>(run: (signal: AbortSignal) => Promise<Value>): Promise<Value> => {
    const { signal, end } = deadline(budget.round_ms(rounds--), query.signal);
    try {
      return await run(signal);
    } finally {
      end();
    }
  };
  for (const round of stages.hydrators) {
    const hydrated = await inRound((signal) =>
      Promise.all(
        round.map(async ({ dependency, hydrate, needed, nextBest }) => {
          const run = () =>
            needed?.(query)
              ? within(budget.needed_ms(), query.signal, (longer) => hydrate(query, longer))
              : orAborted(hydrate(query, signal), signal);
          const known = await span(`hydrate ${dependency}`, {}, () => ask(dependency, run));
          return known ?? nextBest?.(query) ?? {};
        }),
      ),
    );
    Object.assign(query, ...hydrated);
  }
  const { placement, shadow } = query;
  const wanted = stages.sources.filter(({ name, by_rule }) =>
    by_rule ? placement.pins.length > 0 : asksFor(query, name) || (shadow && asksFor(shadow, name)),
  );
  const found = await inRound((signal) =>
    Promise.all(
      wanted.map(async ({ name, dependency, local, find }: Source) => {
        const run = () => orAborted(find(query, signal), signal);
        const found = local
          ? await attempt(dependency, () => find(query, query.signal))
          : await span(`find ${name}`, {}, () => ask(dependency, run));
        if (found) raised?.(name, found.size);
        return { name, found: found ?? new Map() };
      }),
    ),
  );
  const allowed = join(found, query, stages.filters);
  for (const one of found) normalise(one, allowed);
  const candidates = [...allowed.values()];
  onRanked?.(query, candidates);
  const ranked = query.rank(candidates, query);
  const selected = stages.selector(ranked, query);
  if (shadow) {
    const beside = { ...query, ...shadow };
    stages.compare(selected, stages.selector(shadow.rank(candidates, beside), beside), query);
  }
  return { ranked, selected };
}
