import { ndcg } from '../../../../origin/rank/asked.ts';
import { interval, mean } from '../../../../origin/rank/choose-weights.ts';
import { questionsOfPast } from '../own-past.ts';
import { replay } from '../replay.ts';
import { type Crowd, simulateCrowd } from './crowd.ts';
import { relearningOf } from './relearning.ts';
import { type Lists, simpleLists } from './simple.ts';

/** What a placement made of data of a shape, beside the best that anything simple makes of it: NDCG@10, and the 95 % interval of the gain. */
export type Held = {
  shape: string;
  placement: string;
  questions: number;
  ndcg: number;
  simple: { name: string; ndcg: number };
  gain: readonly [low: number, high: number];
};

const PEOPLE = 150;
const TOP = 10;

function judged(lists: Lists, truth: ReadonlyMap<string, ReadonlySet<string>>): number[] {
  return [...truth].map(([user_id, right]) => {
    const candidates = lists.get(user_id) ?? [];
    const place = Float32Array.from(candidates, (_, i) => TOP - i);
    return ndcg({ user_id, candidates, features: { place }, truth: right }, { place: 1 });
  });
}

/** Asks a shipped placement about data of a shape as it streams by, and whatever is simple about the same. */
export async function holdShape(
  {
    shape,
    crowd,
    placement,
    seed,
    now_ms,
  }: { shape: string; crowd: Crowd; placement: string; seed: number; now_ms: number },
  signal: AbortSignal,
): Promise<Held> {
  const past = simulateCrowd(crowd, { seed, now_ms });
  const repeats = placement === 'continue';
  const { questions, truth } = questionsOfPast(past.events, { repeats, people: PEOPLE });
  const { answers } = await replay(
    { ...past, questions, placement, relearning: relearningOf(crowd.campaigns) },
    signal,
    () => {},
  );
  const ours = judged(new Map(answers.map(({ user_id, campaigns }) => [user_id, campaigns])), truth);
  const simple = [...simpleLists(past, questions, repeats)].map(([name, lists]) => ({
    name,
    values: judged(lists, truth),
  }));
  const [best] = simple.sort((a, b) => mean(b.values) - mean(a.values));
  if (!best) throw new Error(`Nobody in "${shape}" did enough to be asked about`);
  const gain = interval(ours.map((value, i) => value - (best.values[i] as number)));
  return {
    ...{ shape, placement, questions: questions.length, ndcg: mean(ours), gain },
    simple: { name: best.name, ndcg: mean(best.values) },
  };
}
