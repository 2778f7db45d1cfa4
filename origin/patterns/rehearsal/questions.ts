import type { Observed } from '../observed.ts';

/** So many people's last steps are asked about, and fewer where there are so many campaigns that it would take longer. */
const [PEOPLE, CAMPAIGNS_ASKED] = [600, 600_000];
const LEAST_DISTINCT = 5;
const [LEAST_NEW, MOST_NEW] = [2, 10];
const LEAST_ENGAGEMENTS = 10;
const NEXT_ENGAGEMENTS = 10;

/** A moment of a person's past: of their engagements, newest first, those from `cut` on had been seen; what came then. */
export type Question = { person: number; cut: number; moment_ms: number; truth: number[] };

/** The moment before the last fifth of the campaigns that were new to a person, and before the last two of few. */
function lastNew(own: readonly number[], times: readonly number[]): Omit<Question, 'person'> | null {
  const first = new Map<number, number>();
  for (const [at, campaign] of own.entries()) first.set(campaign, at);
  if (first.size < LEAST_DISTINCT) return null;
  const count = Math.min(MOST_NEW, Math.max(LEAST_NEW, Math.floor(first.size / 5)));
  const latest = [...first].sort(([, a], [, b]) => a - b).slice(0, count);
  const [, at] = latest.at(-1) as [number, number];
  return { cut: at + 1, moment_ms: times[at] as number, truth: latest.map(([campaign]) => campaign) };
}

/** The moment before the last fifth of what a person did. */
function lastFifth(own: readonly number[], times: readonly number[]): Omit<Question, 'person'> | null {
  if (own.length < LEAST_ENGAGEMENTS) return null;
  const cut = Math.ceil(own.length / 5);
  const next = own.slice(Math.max(0, cut - NEXT_ENGAGEMENTS), cut);
  return { cut, moment_ms: times[cut - 1] as number, truth: [...new Set(next)] };
}

/** Questions about some people's last steps, spread over all of them. */
export function questionsOf(
  { campaigns, starts, dated, items, times }: Observed,
  repeats: boolean,
): Question[] {
  const all: Question[] = [];
  dated.forEach((count, person) => {
    const from = starts[person] as number;
    // Who has more than is dated has met campaigns nobody knows when.
    if (!repeats && from + count !== starts[person + 1]) return;
    const [own, when] = [[...items.subarray(from, from + count)], [...times.subarray(from, from + count)]];
    const question = repeats ? lastFifth(own, when) : lastNew(own, when);
    if (question && question.cut < count) all.push({ person, ...question });
  });
  const people = Math.min(PEOPLE, Math.ceil(CAMPAIGNS_ASKED / campaigns.length));
  const step = Math.max(1, all.length / people);
  return Array.from(
    { length: Math.min(people, all.length) },
    (_, i) => all[Math.floor(i * step)] as Question,
  );
}

/** Whether a message had been said when its speaker was asked about: what others say is heard whenever it was. */
export function heardBefore({ speakers, said_ms }: Observed, questions: readonly Question[]) {
  const moments = new Map(questions.map(({ person, moment_ms }) => [person, moment_ms]));
  return (message: number): boolean =>
    (said_ms[message] as number) < (moments.get(speakers[message] as number) ?? Infinity);
}

/** What was observed but for what those who are asked about did from their moment on. */
export function without(observed: Observed, questions: readonly Question[]): Observed {
  const cuts = new Map(questions.map(({ person, cut }) => [person, cut]));
  const [starts, items, times]: [number[], number[], number[]] = [[0], [], []];
  const dated = observed.dated.map((count, person) => count - (cuts.get(person) ?? 0));
  observed.dated.forEach((_, person) => {
    const end = observed.starts[person + 1] as number;
    for (let at = (observed.starts[person] as number) + (cuts.get(person) ?? 0); at < end; at++) {
      items.push(observed.items[at] as number);
      times.push(observed.times[at] as number);
    }
    starts.push(items.length);
  });
  const columns = { starts: Uint32Array.from(starts), items: Uint32Array.from(items) };
  return { ...observed, ...columns, dated, times: Float64Array.from(times) };
}
