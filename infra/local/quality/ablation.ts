import { readFile } from 'node:fs/promises';
import { type Asked, ndcg } from '../../../origin/rank/asked.ts';
import {
  type Choice,
  chooseWeights,
  climbed,
  type Proposal,
  type Weights,
} from '../../../origin/rank/choose-weights.ts';
import { learnt } from '../../../origin/rank/learnt.ts';
import type { RecommenderOptions } from '../../../origin/recommender.ts';
import { Mendable } from '../terminal/mendable.ts';

/** What came true, by user: lines of a user, a tab, and campaigns with commas between. Throws a sentence that names the line that is none. */
export async function readTruth(file: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line, i) => {
      const [user, campaigns, ...more] = line.split('\t');
      if (!user || !campaigns || more.length > 0) {
        throw new Mendable(`${file}, line ${i + 1}: should be a user, a tab and campaigns`);
      }
      return [user, new Set(campaigns.split(','))];
    }),
  );
}

type Row = { sources: string; ndcg: number };

/** Remembers what the ranker saw of each question, and tells what each source gave. */
export function ablation(truth: ReadonlyMap<string, ReadonlySet<string>>) {
  const asked: Asked[] = [];
  let weights: Weights = {};
  const onRanked: NonNullable<RecommenderOptions['onRanked']> = (query, candidates) => {
    const { user_id } = query.request;
    const right = truth.get(user_id);
    if (!right) return;
    weights = query.weights;
    const sources = Object.keys(weights).filter((source) => candidates.some((c) => c.features.has(source)));
    const featureOf = (source: string) => Float32Array.from(candidates, (c) => c.features.get(source) ?? 0);
    asked.push({
      user_id,
      candidates: candidates.map(({ campaign }) => campaign.campaign_id),
      features: Object.fromEntries(sources.map((source) => [source, featureOf(source)])),
      truth: right,
    });
  };
  const mean = (by: Weights) =>
    asked.reduce((sum, one) => sum + ndcg(one, by), 0) / Math.max(1, asked.length);
  const byHalf = (propose: Proposal) => chooseWeights(asked, weights, [propose]);
  return {
    onRanked,
    /**
     * NDCG@10 of the sum, of the sum without each source, and of each alone; and for one half of the people, of weights
     * that were learnt from the other. Boosts count as 1.
     */
    table(): Row[] {
      const seen = Object.keys(weights).filter((source) => asked.some(({ features }) => source in features));
      return [
        { sources: 'all', ndcg: mean(weights) },
        ...seen.map((source) => ({ sources: `without ${source}`, ndcg: mean({ ...weights, [source]: 0 }) })),
        ...seen.map((source) => ({ sources: `${source} alone`, ndcg: mean({ [source]: 1 }) })),
        { sources: 'all, of the half held out', ndcg: byHalf(climbed).shipped },
        { sources: 'weights climbed, of the half held out', ndcg: byHalf(climbed).tuned },
        { sources: 'weights by logistic regression, of the half held out', ndcg: byHalf(learnt).tuned },
      ];
    },
    /** The weights that these questions would choose, and whether half of the people shows them better. */
    choice: (): Choice => chooseWeights(asked, weights, [climbed, learnt]),
  };
}
