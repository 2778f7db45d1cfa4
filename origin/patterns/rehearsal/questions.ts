import type { Observed } from '../observed.ts';

/** So many steps are asked about, and fewer where there are so many campaigns that it would take longer, but some. */
const [QUESTIONS, CAMPAIGNS_ASKED, LEAST_QUESTIONS] = [600, 300_000, 60];
/** So many of one person's at most, the last; and of everybody's the first are left out, before which little could be learnt. */
const [MOST_STEPS, LEFT_OUT] = [4, 1 / 3];
const [LEAST_KNOWN, LEAST_NEW, MOST_NEW] = [3, 2, 10];
const [LEAST_ENGAGEMENTS, NEXT_ENGAGEMENTS] = [8, 10];

/** A moment of a person's past: of their engagements, newest first, those from `cut` on had been seen; what came then. */
export type Question = { person: number; cut: number; moment_ms: number; truth: number[] };

type Step = Omit<Question, 'person'>;

/** The moments before the campaigns that were new to a person, a fifth of them at a time and two at least, the last first. */
function stepsToNew(own: readonly number[], times: readonly number[]): Step[] {
  const first = new Map<number, number>();
  for (const [at, campaign] of own.entries()) first.set(campaign, at);
  const latest = [...first].sort(([, a], [, b]) => a - b);
  const count = Math.min(MOST_NEW, Math.max(LEAST_NEW, Math.floor(latest.length / 5)));
  const steps: Step[] = [];
  for (
    let from = 0;
    steps.length < MOST_STEPS && from + count + LEAST_KNOWN <= latest.length;
    from += count
  ) {
    const some = latest.slice(from, from + count);
    const [, at] = some.at(-1) as [number, number];
    steps.push({ cut: at + 1, moment_ms: times[at] as number, truth: some.map(([campaign]) => campaign) });
  }
  return steps;
}

/** The moments before what a person did, a fifth of it at a time, the last first. */
function stepsOn(own: readonly number[], times: readonly number[]): Step[] {
  const count = Math.ceil(own.length / 5);
  const steps: Step[] = [];
  for (let cut = count; steps.length < MOST_STEPS && cut + LEAST_ENGAGEMENTS <= own.length; cut += count) {
    const next = own.slice(Math.max(cut - count, cut - NEXT_ENGAGEMENTS), cut);
    steps.push({ cut, moment_ms: times[cut - 1] as number, truth: [...new Set(next)] });
  }
  return steps;
}

/** Questions about people's steps, in the order of their moments, spread over all there are but for the first. */
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
    for (const step of repeats ? stepsOn(own, when) : stepsToNew(own, when)) all.push({ person, ...step });
  });
  const later = all.sort((a, b) => a.moment_ms - b.moment_ms).slice(Math.floor(all.length * LEFT_OUT));
  const affordable = Math.max(LEAST_QUESTIONS, Math.ceil(CAMPAIGNS_ASKED / campaigns.length));
  const count = Math.min(QUESTIONS, affordable, later.length);
  return Array.from({ length: count }, (_, i) => later[Math.floor((i * later.length) / count)] as Question);
}

/** Questions of a while, and when it begins: what was before that is what can be known of others. */
export type Slice = { from_ms: number; questions: readonly Question[] };

/** Questions that are in the order of their moments, in so many slices of about as many each. */
export function slicesOf(questions: readonly Question[], most: number): Slice[] {
  const count = Math.min(most, questions.length);
  const at = (slice: number) => Math.floor((slice * questions.length) / count);
  return Array.from({ length: count }, (_, i) => {
    const some = questions.slice(at(i), at(i + 1));
    return { from_ms: (some[0] as Question).moment_ms, questions: some };
  });
}

/** What was observed before a moment. What of a person is not dated came before all that is. */
export function before(observed: Observed, moment_ms: number): Observed {
  /** From where on what each person has is of before; where nothing that is dated is, nothing. */
  const firsts = observed.dated.map((count, person) => {
    const from = observed.starts[person] as number;
    let at = from;
    while (at < from + count && (observed.times[at] as number) >= moment_ms) at++;
    return at < from + count ? at : (observed.starts[person + 1] as number);
  });
  const starts = new Uint32Array(observed.starts.length);
  firsts.forEach((first, person) => {
    starts[person + 1] = (starts[person] as number) + (observed.starts[person + 1] as number) - first;
  });
  const size = starts.at(-1) ?? 0;
  const [items, times] = [new Uint32Array(size), new Float64Array(size)];
  const dated = observed.dated.map((count, person) => {
    const [first, end] = [firsts[person] as number, observed.starts[person + 1] as number];
    items.set(observed.items.subarray(first, end), starts[person]);
    times.set(observed.times.subarray(first, end), starts[person]);
    return Math.max(0, (observed.starts[person] as number) + count - first);
  });
  return { ...observed, starts, dated, items, times };
}
