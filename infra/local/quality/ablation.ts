import { readFile } from 'node:fs/promises';
import type { Event } from '#contract/event.ts';
import type { Asked } from '../../../origin/rank/asked.ts';
import { type Choice, chooseWeights, climbed, type Weights } from '../../../origin/rank/choose-weights.ts';
import { learnt } from '../../../origin/rank/learnt.ts';
import type { RecommenderOptions } from '../../../origin/recommender.ts';
import { Mendable } from '../terminal/mendable.ts';
import { rowsOf, type Shown } from './ablation-rows.ts';
import { knownFrom } from './known-from.ts';
import type { Past, Question } from './past-question.ts';

type Truth = ReadonlyMap<string, ReadonlySet<string>>;

/** What came true, by user: lines of a user, a tab, and campaigns with commas between. Throws a sentence that names the line that is none. */
export async function readTruth(file: string): Promise<Truth> {
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

/** Remembers what the ranker saw of each question, and tells what each source gave, and what other weights would have given. */
export function ablation({
  questions,
  truth,
  events,
}: {
  questions: readonly Question[];
  truth: Truth;
  events: readonly Event[];
}) {
  const asked: Past[] = [];
  const moments = new Map(questions.map(({ user_id, moment }) => [user_id, moment]));
  const known = knownFrom(events, moments, truth);
  const onRanked: NonNullable<RecommenderOptions['onRanked']> = (query, { campaigns, features }) => {
    const { user_id } = query.request;
    const [right, moment] = [truth.get(user_id), moments.get(user_id)];
    if (!right || moment === undefined) return;
    asked.push({
      user_id,
      candidates: campaigns.map(({ campaign_id }) => campaign_id),
      features: Object.fromEntries(
        [...features].map(([source, column]) => [source, Float32Array.from(column)]),
      ),
      truth: right,
      weights: query.weights,
      moment,
      known_from: known.get(user_id) ?? null,
    });
  };
  const weighed = (): Weights => asked.at(-1)?.weights ?? {};
  return {
    onRanked,
    rows: () => rowsOf(asked),
    /** The weights that these questions would choose, and whether people who did not choose them show them better. */
    choice(): Omit<Choice, 'held'> {
      const { held: _, ...choice } = chooseWeights(asked satisfies Asked[], weighed(), [climbed, learnt]);
      return choice;
    },
  };
}

/** As a table on the terminal. */
export function printRows(rows: readonly Shown[]): void {
  const digits = (x: number) => x.toFixed(3);
  console.table(
    Object.fromEntries(
      rows.map(({ what, ndcg, half, gain: [low, high] }) => [
        what,
        { 'NDCG@10': digits(ndcg), '±': digits(half), 'beside shipped': `${digits(low)} to ${digits(high)}` },
      ]),
    ),
  );
}
