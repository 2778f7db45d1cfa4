import { Campaign } from '#contract/campaign.ts';
import type { ModelContent, Tree } from '#contract/model.ts';
import { parse } from '#contract/parse.ts';
import { seededRandom } from '../../infra/local/simulated/random.ts';
import type { Candidates, Ranking } from '../../origin/pipeline/stages.ts';
import { placements } from '../../origin/placements.ts';
import { bestFirst } from '../../origin/rank/best-first.ts';
import { rankingOf } from '../../origin/rank/ranking.ts';
import { type BenchOptions, report } from './support/report.ts';

const CANDIDATES = 100;
const SHAPES = [
  { trees: 50, depth: 3 },
  { trees: 200, depth: 3 },
  { trees: 100, depth: 4 },
];
const WARM = 2_000;
const ROUNDS = 5;

/**
 * What ranking a hundred candidates takes of the processor, all sources having said something of each: by the weighted sum,
 * and by trees of some sizes, in turn, the median of some rounds; with the reasons of the first ten, as they are answered.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const random = seededRandom(1);
  const placement = placements.get('discover');
  if (!placement) throw new Error('There is no placement discover');
  const sources = Object.keys(placement.weights);
  const candidates: Candidates = {
    campaigns: Array.from({ length: CANDIDATES }, (_, i) =>
      parse(Campaign, { campaign_id: `c-${i}`, title: `Campaign ${i}`, text: 'text' }),
    ),
    features: new Map(
      sources.map((source) => [source, Float64Array.from({ length: CANDIDATES }, () => random.next() * 3)]),
    ),
  };
  const treeOf = (depth: number): Tree => ({
    features: Array.from({ length: 2 ** depth - 1 }, () => random.whole(0, sources.length - 1)),
    above: Array.from({ length: 2 ** depth - 1 }, () => random.next() * 3),
    values: Array.from({ length: 2 ** (depth + 1) - 1 }, () => random.next() - 0.5),
  });
  const treesOf = ({ trees, depth }: (typeof SHAPES)[number]) => {
    const content: ModelContent = {
      ...{ kind: 'trees', sources, base: -3, weights: sources.map(() => 0.3) },
      trees: Array.from({ length: trees }, () => treeOf(depth)),
    };
    const row = {
      tenant_id: 't',
      name: 'mine',
      version: 1,
      status: 'live',
      created_at: '',
      changed_at: '',
    } as const;
    return rankingOf(placement, { ...row, content });
  };
  const rankings: [string, Ranking][] = [
    ['weighted sum', rankingOf(placement, null)],
    ...SHAPES.map(
      (shape) => [`${shape.trees} trees of depth ${shape.depth}`, treesOf(shape)] as [string, Ranking],
    ),
  ];
  const rank = (ranking: Ranking) =>
    bestFirst(candidates, ranking)
      .slice(0, 10)
      .reduce((sum, { at }) => sum + ranking.ranker.contributions(candidates, at, ranking.weights).length, 0);
  const microseconds = (ranking: Ranking, times: number) => {
    const begun = process.cpuUsage();
    for (let i = 0; i < times; i++) rank(ranking);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / times;
  };
  const taken = rankings.map((): number[] => []);
  for (const [, ranking] of rankings) microseconds(ranking, WARM);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, [, ranking]] of rankings.entries()) taken[i]?.push(microseconds(ranking, WARM));
  const medians = taken.map((all) => all.sort((a, b) => a - b)[ROUNDS >> 1] as number);
  const rows = rankings.map(([ranker], i) => ({
    ...{ ranker, candidates: CANDIDATES, cpu_us: medians[i] as number },
    to_weighted_sum: (medians[i] as number) / (medians[0] as number),
  }));
  await report('ranking', rows, options);
}
