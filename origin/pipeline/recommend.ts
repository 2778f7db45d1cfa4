import { orAborted } from '#backing/or-aborted.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import { bestFirst } from '../rank/best-first.ts';
import type { Budget } from './budget.ts';
import { candidatesOf } from './candidates.ts';
import type { Candidates, Query, Ranked, Ranking, Source, Stages } from './stages.ts';
import { deadline, within } from './within.ts';

type Means = {
  budget: Budget;
  /** Told how many campaigns each source raised. */
  raised?: (source: string, count: number) => void;
  /** Told of the candidates, with their features. */
  onRanked?: ((query: Query, candidates: Candidates) => void) | undefined;
  /** Told how long a stage waited for its dependency. */
  waited?: ((dependency: string, took_ms: number) => void) | undefined;
  /** Keeps a trace of each stage. */
  span?: Traces['span'];
};

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
): Promise<{ candidates: Candidates; ranked: readonly Ranked[]; selected: readonly Ranked[] }> {
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
  const candidates = candidatesOf(found, query, stages.filters);
  onRanked?.(query, candidates);
  const ranked = bestFirst(candidates, query);
  const selected = stages.selector(ranked, query);
  if (shadow) {
    const beside = { ...query, ...shadow };
    stages.compare(selected, stages.selector(bestFirst(candidates, beside), beside), query);
  }
  return { candidates, ranked, selected };
}
