import { setTimeout as sleep } from 'node:timers/promises';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { corpusOf } from '#backing/embedder/learnt/corpus.ts';
import { learnEmbedder } from '#backing/embedder/learnt/learn.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { toStderr } from '#backing/http/report.ts';
import { BACKOFF, delayAfter } from '#backing/log/backoff.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { Placements } from '#backing/versioned/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import type { PlacementContent } from '#contract/placement.ts';
import { groups, topics } from '#contract/topics.ts';
import { startViews } from '../../../ingest/start.ts';
import { embeddingsView } from '../../../ingest/views/embeddings.ts';
import { type Running, reportFailure, runViews } from '../../../ingest/views/run-views.ts';
import { nowhere, placements as shipped } from '../../../origin/placements.ts';
import { openRecommender, type RecommenderOptions } from '../../../origin/recommender.ts';
import { embeddedGround, type Ground } from './ground.ts';
import type { Question } from './past-question.ts';
import { type Part, partOf, type Relearning, stepsOf } from './steps.ts';

/** The views that count, whatever the embeddings. */
const COUNTING = [groups.counters, groups.graph];

export type Past = {
  campaigns: readonly Campaign[];
  events: readonly Event[];
  questions: readonly Question[];
  placement: string;
  /** What the placement is; else as it is shipped. */
  content?: PlacementContent;
  onRanked?: RecommenderOptions['onRanked'];
  /** Whether every source is asked, so that `onRanked` sees what it says, whatever the placement weighs. */
  all_sources?: boolean;
  /** Which part of the questions is asked; all of them, where it is left out. */
  part?: Part | undefined;
  /** Whether embeddings are learnt of the texts so far each time these have doubled; they are, where nothing is said. */
  learn_texts?: boolean;
  /** How often patterns are learnt anew; seldom, where nothing is said. */
  relearning?: Relearning;
};

/** What was answered about somebody, best first. */
export type PastAnswer = { user_id: string; campaigns: readonly string[] };

const TENANT = 'evaluation';
const LIMIT = 10;
const APPEND = 1000;
/** A machine under load makes no answer worse here: what came late is asked for again. */
const DEPENDENCY_MS = 5000;
const ATTEMPTS = 6;

/** An answer was made without one of its sources, however often it was asked for. */
class NotWhole extends Error {
  readonly code = 'not_whole';
  readonly retryable = true;
}

/** Does once more what failed or came late, since one answer that a busy server lets wait should not cost all before it. */
async function persistently<Value>(signal: AbortSignal, attempt: () => Promise<Value>): Promise<Value> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (tried === ATTEMPTS || (error as { retryable?: unknown }).retryable === false) throw error;
      await sleep(delayAfter(tried + 2, BACKOFF), undefined, { signal });
    }
  }
}

/**
 * Streams a past in time order through the real consumers into fresh stores (embedded ones, where no ground is given), stops
 * just before each question's moment, and asks as the origin would be asked then. Gives the answers in the order of the
 * moments, and closes the ground. No answer is made without one of its sources. Throws NotWhole where one cannot be had.
 */
export async function replay(
  { campaigns, events: given, questions: asked, placement, content, all_sources, part, ...past }: Past,
  signal: AbortSignal,
  onProgress: (done: number, of: number) => void,
  ground_given?: Ground,
): Promise<{ answers: PastAnswer[]; events: number }> {
  const byMoment = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const events = [...given].sort((a, b) => byMoment(a.occurred_at, b.occurred_at));
  const questions = [...asked].sort((a, b) => byMoment(a.moment, b.moment));
  const all = stepsOf(events, questions, past.relearning);
  const steps = part ? partOf(all, part) : all;

  const ground = ground_given ?? (await embeddedGround());
  const { log, stores } = ground;
  const closing = new AsyncDisposableStack();
  closing.defer(() => ground.close());
  /** Of the attempts to ask one question, what the last one ranked. */
  let ranked: Parameters<NonNullable<RecommenderOptions['onRanked']>>[] = [];
  const recommenderBy = (embedder: Embedder) =>
    openRecommender({
      ...stores,
      embedders: embeddersOf(embedder),
      clock: Date.now,
      refresh_ms: 0,
      // Learnt anew as the log grows, below: the wall clock says nothing here.
      relearn_ms: Infinity,
      dependency_ms: DEPENDENCY_MS,
      onRanked: (...one) => ranked.push(one),
      report: toStderr,
    });
  try {
    const views = await startViews({
      ...{ ...stores, log, embedders: embeddersOf(hashingEmbedder) },
      groups: COUNTING,
    });
    closing.defer(() => views.close());
    /** The view of the embedding version that answers are made of. */
    let embedding = await embeddingBy(hashingEmbedder, ground);
    closing.defer(() => embedding.views.close());
    const settled = () =>
      Promise.all(
        [...COUNTING, embedding.group].map((group) =>
          caughtUp(log, group, [topics.imports, topics.campaigns], signal),
        ),
      );
    let recommender = recommenderBy(hashingEmbedder);
    if (content) await place(stores.placements, { placement, content, status: 'live' }, signal);
    if (all_sources) {
      const weights = Object.fromEntries(recommender.sources.map((source) => [source, 1]));
      const shadow = { ...(content ?? usual(placement)), weights };
      await place(stores.placements, { placement, content: shadow, status: 'shadow' }, signal);
    }
    /** Rolls out what is learnt of the texts so far: its view reads the log from its beginning, then answers are made of its vectors. */
    const learnTexts = async (fed: number) => {
      const before = events.slice(0, fed);
      const said = before.flatMap((event) => (event.type === 'message' ? [event] : []));
      const known = before.map(({ user_id }) => user_id);
      const embedder = await learnEmbedder(corpusOf(said, known), signal);
      if (!embedder) return;
      await embedding.views.close();
      embedding = await embeddingBy(embedder, ground);
      await settled();
      recommender = recommenderBy(embedder);
    };
    const accepted_at = new Date().toISOString();
    const owned = { tenant_id: TENANT, accepted_at };
    // One key, and so one partition and one batch: each costs a store as much as many records.
    const key = TENANT;
    await log.append(
      topics.campaigns,
      campaigns.map((campaign) => ({
        ...campaignRecord({ ...owned, campaign_id: campaign.campaign_id, campaign }),
        key,
      })),
      signal,
    );
    const answers: PastAnswer[] = [];
    const count = steps.filter((step) => step.asked).length;
    let fed = 0;
    for (const [i, step] of steps.entries()) {
      const before = fed;
      for (; fed < step.fed; fed = Math.min(fed + APPEND, step.fed)) {
        const slice = events.slice(fed, Math.min(fed + APPEND, step.fed));
        await log.append(
          topics.imports,
          slice.map((event) => ({ ...eventRecord({ ...owned, event }), key })),
          signal,
        );
      }
      if (fed > before || i === 0) await settled();
      if (step.texts && (past.learn_texts ?? true)) await learnTexts(fed);
      if (step.patterns) await persistently(signal, () => recommender.relearn(TENANT));
      if (!step.asked) continue;
      const { user_id } = step.question;
      const request = {
        ...{ user_id, placement, limit: LIMIT, locale: null, tags: [], exclude: [], context: null },
      };
      const { content: answer } = await persistently(signal, async () => {
        ranked = [];
        const epochs = await stores.answers.read(TENANT, user_id, signal);
        const made = await recommender.recommendations(request, { tenant_id: TENANT, epochs, signal });
        if (made.degraded.length === 0) return made;
        throw new NotWhole(`The answer for ${user_id} was made without ${made.degraded.join(' and ')}`);
      });
      for (const one of ranked) past.onRanked?.(...one);
      answers.push({ user_id, campaigns: answer.items.map(({ campaign_id }) => campaign_id) });
      onProgress(answers.length, count);
    }
    return { answers, events: fed };
  } finally {
    await closing.disposeAsync();
  }
}

/** Keeps the vectors of one embedder up, in a group of its own. */
async function embeddingBy(
  embedder: Embedder,
  { log, stores }: Ground,
): Promise<{ group: string; views: Running }> {
  const group = `${groups.embeddings}-${embedder.version.id}`;
  const view = { ...embeddingsView({ embedders: embeddersOf(embedder), vectors: stores.vectors }), group };
  const running = { log, answers: stores.answers, clock: Date.now, members: 1 };
  return { group, views: await runViews([view], { ...running, onError: reportFailure(toStderr) }) };
}

async function place(
  placements: Placements,
  about: { placement: string; content: PlacementContent; status: 'live' | 'shadow' },
  signal: AbortSignal,
): Promise<void> {
  const { placement: name, ...rest } = about;
  const made = { ...rest, name, tenant_id: TENANT, at: new Date().toISOString() };
  const { version } = await placements.add(made, signal);
  await placements.move({ ...made, version }, signal);
}

/** What a shipped placement is. */
function usual(placement: string): PlacementContent {
  const { name: _, version: __, from: ___, ...content } = shipped.get(placement) ?? nowhere(placement);
  return content;
}
