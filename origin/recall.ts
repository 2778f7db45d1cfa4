import { errorFields, type Report } from '#backing/http/report.ts';
import { orAborted } from '#backing/or-aborted.ts';
import type { CampaignHit, MessageHit, Scan, Vectors } from '#backing/vectors/port.ts';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import type { Measures } from './measures.ts';

/** The share of searches that is asked again, where nothing else is configured. */
export const RECALL_SHARE = 0.001;
/** So many vectors are looked at, at most: some megabytes from a store that is asked over the network. */
const MOST_ROWS = 5_000;
const ASK_MS = 10_000;
/** How long after the last answer is made, so that it is out of the house. */
const BEHIND_MS = 20;
/** How long a search may wait for a moment in which no answer is being made. */
const PATIENCE_MS = 10_000;
/** After each, nothing is asked for so many times as long as it took: about 5 % of the time is used, however many are drawn. */
const RESTS = 20;
/** What is nearer by less is as near. */
const SAME = 2e-6;

/** Searches that may go by an index. */
type Searches = Pick<Vectors, 'nearestCampaigns' | 'nearestMessages'>;
type Exactly = Pick<Vectors, 'campaignsExactly' | 'messagesExactly'>;
type Collection = 'campaigns' | 'messages';
type Hit = { similarity: number };

type Sample = {
  source: string;
  collection: Collection;
  since_ms: number;
  /** The recall for each vector of the search; null where it went by no index. */
  compare(scan: Scan, signal: AbortSignal): Promise<number[] | null>;
};

/**
 * The share of the nearest that a search found, ties apart: recall@k where all was looked at. Of a slice counts what is
 * nearer than the last that was found. Null where that is nothing.
 */
export function recallOf<One extends Hit>(
  { found, exact, k }: { found: readonly One[]; exact: readonly One[]; k: number },
  idOf: (hit: One) => string,
): number | null {
  const ids = new Set(found.map(idOf));
  const last = found.length < k ? Number.NEGATIVE_INFINITY : (found.at(-1)?.similarity ?? 0);
  const hit = exact.filter((one) => ids.has(idOf(one))).length;
  const missed = exact.filter((one) => !ids.has(idOf(one)) && one.similarity > last + SAME).length;
  return hit + missed === 0 ? null : hit / (hit + missed);
}

const campaignId = ({ campaign_id }: CampaignHit) => campaign_id;
const messageId = ({ user_id, message_id }: MessageHit) => composite(user_id, message_id);

/** Of one list for each vector. */
function recallsOf<One extends Hit>(
  found: readonly One[][],
  exact: readonly One[][] | null,
  k: number,
  idOf: (hit: One) => string,
): number[] | null {
  if (!exact) return null;
  return found.flatMap((hits, at) => recallOf({ found: hits, exact: exact[at] ?? [], k }, idOf) ?? []);
}

export type Recall = {
  /** The same searches, of which a share is drawn. */
  of(source: string, searches: Searches): Searches;
  /** An answer is being made; and no longer. */
  begun(): void;
  ended(): void;
  /** Gives up what is under way. */
  close(): Promise<void>;
};

/**
 * Measures what an index costs in recall, on what people ask: a share of the searches is asked again by no index, and
 * compared. One at a time, in a moment in which no answer is being made, behind the one it was made for, and of a
 * bounded number of vectors; where no such moment comes, it is shed. What was put or taken away in between counts
 * as missed.
 */
export function openRecall(options: {
  vectors: Exactly;
  /** From 0 to 1. */
  share: number;
  clock: Clock;
  measures: Measures;
  report: Report;
  random?: () => number;
}): Recall {
  const { vectors, share, clock, measures, report, random = Math.random } = options;
  const closing = new AbortController();
  let making = 0;
  let waiting: Sample | null = null;
  let asking: Promise<void> | null = null;
  let rests_until_ms = 0;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  function offer(sample: Sample): void {
    if (random() >= share) return;
    if (waiting && clock() - waiting.since_ms > PATIENCE_MS) {
      measures.sampled(waiting.collection, 'shed');
      waiting = null;
    }
    if (waiting || asking || clock() < rests_until_ms || closing.signal.aborted)
      measures.sampled(sample.collection, 'shed');
    else waiting = sample;
  }

  async function ask({ source, collection, compare }: Sample): Promise<void> {
    const begun_ms = clock();
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(ASK_MS)]);
    try {
      const recalls = await orAborted(compare({ most: MOST_ROWS, start: random() }, signal), signal);
      for (const recall of recalls ?? []) measures.recalled({ source, collection }, recall);
      measures.sampled(collection, recalls ? 'compared' : 'exact');
      failing = false;
    } catch (error) {
      if (closing.signal.aborted) return;
      measures.sampled(collection, signal.aborted ? 'late' : 'failed');
      const message = 'a search could not be asked again without an index';
      if (!failing) report({ level: 'warn', message, collection, error: errorFields(error) });
      failing = true;
    } finally {
      rests_until_ms = clock() + RESTS * (clock() - begun_ms);
    }
  }

  /** Asks for what waits, if no answer is being made. */
  function begin(): void {
    timer = undefined;
    if (!waiting || asking || making > 0) return;
    const sample = waiting;
    waiting = null;
    asking = ask(sample).finally(() => {
      asking = null;
    });
  }

  return {
    of: (source, searches) => ({
      async nearestCampaigns(search, signal) {
        const found = await searches.nearestCampaigns(search, signal);
        const compare: Sample['compare'] = async (scan, s) =>
          recallsOf(found, await vectors.campaignsExactly(search, scan, s), search.k, campaignId);
        offer({ source, collection: 'campaigns', since_ms: clock(), compare });
        return found;
      },
      async nearestMessages(search, signal) {
        const found = await searches.nearestMessages(search, signal);
        const compare: Sample['compare'] = async (scan, s) =>
          recallsOf(found, await vectors.messagesExactly(search, scan, s), search.k, messageId);
        offer({ source, collection: 'messages', since_ms: clock(), compare });
        return found;
      },
    }),
    begun() {
      making++;
    },
    ended() {
      making--;
      if (making === 0 && waiting) timer ??= setTimeout(begin, BEHIND_MS).unref();
    },
    async close() {
      clearTimeout(timer);
      waiting = null;
      closing.abort();
      await asking;
    },
  };
}
