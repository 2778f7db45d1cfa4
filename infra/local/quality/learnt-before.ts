import type { Asked } from '../../../origin/rank/asked.ts';
import type { Weights } from '../../../origin/rank/choose-weights.ts';
import type { Past } from './past-question.ts';

/** Fewer questions than this teach nothing; and it is learnt anew when there are so many times as many. */
const [LEAST, GROWTH] = [200, 1.5];

/** Learns a way of ranking of questions, by the weights in use or not. */
type Teaching<Way> = (learning: readonly Asked[], shipped: Weights) => Way;

/**
 * For each question the way of ranking that was learnt of those whose truth was known before its moment; null where these are
 * too few.
 */
export function learntBefore<Way>(asked: readonly Past[], teach: Teaching<Way>): (Way | null)[] {
  const teaching = asked
    .filter((one): one is Past & { known_from: string } => one.known_from !== null)
    .sort((a, b) => (a.known_from < b.known_from ? -1 : a.known_from > b.known_from ? 1 : 0));
  const inTurn = [...asked.keys()].sort((a, b) => {
    const [one, other] = [(asked[a] as Past).moment, (asked[b] as Past).moment];
    return one < other ? -1 : one > other ? 1 : 0;
  });
  const chosen: (Way | null)[] = asked.map(() => null);
  let learnt: Way | null = null;
  let [known, next] = [0, LEAST];
  for (const i of inTurn) {
    const { moment, weights } = asked[i] as Past;
    while (known < teaching.length && (teaching[known]?.known_from as string) < moment) known++;
    if (known >= next) {
      learnt = teach(teaching.slice(0, known), weights);
      next = known * GROWTH;
    }
    chosen[i] = learnt;
  }
  return chosen;
}
