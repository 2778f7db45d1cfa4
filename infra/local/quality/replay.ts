import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { learnEmbedder } from '#backing/embedder/learnt/learn.ts';
import { nameOf } from '#backing/embedder/learnt/vocabulary.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { Placements } from '#backing/placements/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import type { PlacementContent } from '#contract/placement.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import { startViews } from '../../../ingest/start.ts';
import { embeddingsView } from '../../../ingest/views/embeddings.ts';
import { type Running, reportFailure, runViews } from '../../../ingest/views/run-views.ts';
import { nowhere, placements as shipped } from '../../../origin/placements.ts';
import { openRecommender, type RecommenderOptions } from '../../../origin/recommender.ts';
import { embeddedGround, type Ground } from './ground.ts';

/** Who is asked about, just before a moment (RFC 3339, UTC) of the past. */
export type Question = { user_id: string; moment: string };

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
};

/** What was answered about somebody, best first. */
export type PastAnswer = { user_id: string; campaigns: readonly string[] };

const TENANT = 'evaluation';
const LIMIT = 10;
const APPEND = 1000;
/** A machine under load makes no answer worse here. */
const DEPENDENCY_MS = 5000;
/** What is learnt is learnt when a tenant is so large, and again when it has grown by so much; the same from the same. */
const [FIRST_TEXTS, TEXTS_GROWTH] = [5000, 2];
const [FEWEST_NEW, PATTERNS_GROWTH] = [500, 1.35];
const SEED = 1;

/**
 * Streams a past in time order through the real consumers into fresh stores (embedded ones, where no ground is given), stops
 * just before each question's moment, and asks as the origin would be asked then. Gives the answers in the order of the
 * moments, and closes the ground.
 */
export async function replay(
  { campaigns, events: given, questions: asked, placement, content, onRanked, all_sources }: Past,
  signal: AbortSignal,
  onProgress: (done: number, of: number) => void,
  ground_given?: Ground,
): Promise<{ answers: PastAnswer[]; events: number }> {
  const byMoment = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const events = [...given].sort((a, b) => byMoment(a.occurred_at, b.occurred_at));
  const questions = [...asked].sort((a, b) => byMoment(a.moment, b.moment));

  const ground = ground_given ?? (await embeddedGround());
  const { log, stores } = ground;
  const closing = new AsyncDisposableStack();
  closing.defer(() => ground.close());
  /** The view of the version that was learnt last; the hashing one keeps up beside it. */
  let learnt: { group: string; views: Running } | null = null;
  const settled = () => {
    const all = [...answeringGroups, ...(learnt ? [learnt.group] : [])];
    const read = [topics.imports, topics.campaigns];
    return Promise.all(all.map((group) => caughtUp(log, group, read, signal)));
  };
  const recommenderBy = (embedder: Embedder) =>
    openRecommender({
      ...stores,
      embedders: embeddersOf(embedder),
      clock: Date.now,
      refresh_ms: 0,
      // Learnt anew as the log grows, below: the wall clock says nothing here.
      relearn_ms: Infinity,
      dependency_ms: DEPENDENCY_MS,
      onRanked,
      report: toStderr,
    });
  try {
    const views = await startViews({ ...stores, log, embedders: embeddersOf(hashingEmbedder) });
    closing.defer(() => views.close());
    closing.defer(async () => learnt?.views.close());
    let recommender = recommenderBy(hashingEmbedder);
    if (content) await place(stores.placements, { placement, content, status: 'live' }, signal);
    if (all_sources) {
      const weights = Object.fromEntries(recommender.sources.map((source) => [source, 1]));
      const shadow = { ...(content ?? usual(placement)), weights };
      await place(stores.placements, { placement, content: shadow, status: 'shadow' }, signal);
    }
    /** Rolls out what is learnt of the texts so far: a second view reads the log from its beginning, then answers are made of its vectors. */
    const learnTexts = async (fed: number) => {
      const past = events.slice(0, fed);
      const names = new Set(past.map(({ user_id }) => nameOf(user_id)).filter((name) => name !== null));
      const texts = past.flatMap((event) => (event.type === 'message' ? [event.text] : []));
      const embedder = await learnEmbedder({ texts, names, seed: SEED }, signal);
      if (!embedder) return;
      const group = `${groups.embeddings}-${embedder.version.id}`;
      const view = {
        ...embeddingsView({ embedders: embeddersOf(embedder), vectors: stores.vectors }),
        group,
      };
      const running = { log, answers: stores.answers, clock: Date.now, members: 1 };
      const views = await runViews([view], { ...running, onError: reportFailure(toStderr) });
      const before = learnt;
      learnt = { group, views };
      await settled();
      recommender = recommenderBy(embedder);
      await before?.views.close();
    };
    const accepted_at = new Date().toISOString();
    const owned = { tenant_id: TENANT, accepted_at };
    await log.append(
      topics.campaigns,
      campaigns.map((campaign) => campaignRecord({ ...owned, campaign_id: campaign.campaign_id, campaign })),
      signal,
    );
    const answers: PastAnswer[] = [];
    let fed = 0;
    let textsAt = FIRST_TEXTS;
    let patternsAt = 0;
    for (const { user_id, moment } of questions) {
      const from = fed;
      while (fed < events.length && (events[fed] as Event).occurred_at < moment) fed++;
      for (let at = from; at < fed; at += APPEND) {
        const slice = events.slice(at, Math.min(fed, at + APPEND));
        await log.append(
          topics.imports,
          slice.map((event) => eventRecord({ ...owned, event })),
          signal,
        );
      }
      if (fed > from || answers.length === 0) await settled();
      if (fed >= textsAt) {
        await learnTexts(fed);
        textsAt = fed * TEXTS_GROWTH;
        patternsAt = 0;
      }
      if (fed >= patternsAt) {
        await recommender.relearn(TENANT);
        patternsAt = Math.max(fed * PATTERNS_GROWTH, fed + FEWEST_NEW);
      }
      const epochs = await stores.answers.read(TENANT, user_id, signal);
      const request = {
        user_id,
        placement,
        limit: LIMIT,
        locale: null,
        tags: [],
        exclude: [],
        context: null,
      };
      const { content: answer, degraded } = await recommender.recommendations(request, {
        tenant_id: TENANT,
        epochs,
        signal,
      });
      if (degraded.length)
        throw new Error(`The answer for ${user_id} was made without ${degraded.join(' and ')}; run it again`);
      answers.push({ user_id, campaigns: answer.items.map(({ campaign_id }) => campaign_id) });
      onProgress(answers.length, questions.length);
    }
    return { answers, events: fed };
  } finally {
    await closing.disposeAsync();
  }
}

async function place(
  placements: Placements,
  about: { placement: string; content: PlacementContent; status: 'live' | 'shadow' },
  signal: AbortSignal,
): Promise<void> {
  const made = { ...about, tenant_id: TENANT, at: new Date().toISOString() };
  const { version } = await placements.add(made, signal);
  await placements.move({ ...made, version }, signal);
}

/** What a shipped placement is. */
function usual(placement: string): PlacementContent {
  const { name: _, version: __, from: ___, ...content } = shipped.get(placement) ?? nowhere(placement);
  return content;
}
