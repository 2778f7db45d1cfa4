import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { openStores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { learnEmbedder } from '#backing/embedder/learnt/learn.ts';
import { nameOf } from '#backing/embedder/learnt/vocabulary.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import { Campaign } from '#contract/campaign.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import { Instant } from '#contract/values.ts';
import { startViews } from '../../../ingest/start.ts';
import { embeddingsView } from '../../../ingest/views/embeddings.ts';
import { type Running, reportFailure, runViews } from '../../../ingest/views/run-views.ts';
import { placements } from '../../../origin/placements.ts';
import { openRecommender, type RecommenderOptions } from '../../../origin/recommender.ts';
import { openRecords } from '../files/records.ts';
import { ablation, readTruth } from '../quality/ablation.ts';
import { Mendable } from '../terminal/mendable.ts';

export type EvaluateOptions = {
  events: string;
  campaigns: string;
  questions: string;
  placement: string;
  out: string;
  onRanked?: RecommenderOptions['onRanked'];
};

type Question = { user_id: string; moment: string };

const TENANT = 'evaluation';
const LIMIT = 10;
const APPEND = 1000;
/** A machine under load makes no answer worse here. */
const DEPENDENCY_MS = 5000;
/** What is learnt is learnt when a tenant is so large, and again when it has grown by so much; the same from the same. */
const [FIRST_TEXTS, TEXTS_GROWTH] = [5000, 2];
const [FEWEST_NEW, PATTERNS_GROWTH] = [500, 1.35];
const SEED = 1;

/** The questions, by their moments. Throws a sentence that names the line that is none. */
async function readQuestions(file: string): Promise<Question[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const questions = lines.map((line, i) => {
    const [user, moment, ...more] = line.split('\t');
    try {
      if (more.length) throw new Error('there are more than two columns');
      return { user_id: parse(Id, user), moment: parse(Instant, moment) };
    } catch (cause) {
      throw new Mendable(`${file}, line ${i + 1}: should be a user, a tab and a moment`, { cause });
    }
  });
  return questions.sort((a, b) => (a.moment < b.moment ? -1 : a.moment > b.moment ? 1 : 0));
}

async function readAll<Value>(file: string, parseOne: (json: unknown) => Value): Promise<Value[]> {
  const all: Value[] = [];
  const records = await openRecords(file);
  for await (const lines of records.lines()) {
    for (const { number, bytes } of lines) {
      try {
        all.push(parseOne(JSON.parse(String(bytes))));
      } catch (cause) {
        throw new Mendable(`${file}, line ${number}: ${(cause as Error).message}`, { cause });
      }
    }
  }
  return all;
}

/**
 * Streams a log in time order through the real consumers into a fresh folder, stops just before each
 * question's moment, and asks as the origin would be asked then. Writes a line for each question: the user, a tab, and the
 * campaigns, best first.
 */
export async function evaluate(
  options: EvaluateOptions,
  signal: AbortSignal,
  onProgress: (done: number, of: number) => void,
) {
  const questions = await readQuestions(options.questions);
  const campaigns = await readAll(options.campaigns, (json) => parse(Campaign, json));
  const events = await readAll(options.events, (json) => parse(Event, json));
  events.sort((a, b) => (a.occurred_at < b.occurred_at ? -1 : a.occurred_at > b.occurred_at ? 1 : 0));

  const folder = await mkdtemp(join(tmpdir(), 'edgewise-evaluate-'));
  const path = (name: string) => join(folder, name);
  const log = openLog({ file: path('log.db') });
  const stores = openStores({ path, clock: Date.now, synchronous: 'normal' });
  const { archive: _, ...answering } = stores;
  const views = await startViews({ ...answering, log, embedders: embeddersOf(hashingEmbedder) });
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
      onRanked: options.onRanked,
      report: toStderr,
    });
  try {
    let recommender = recommenderBy(hashingEmbedder);
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
    const lines: string[] = [];
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
      if (fed > from || lines.length === 0) await settled();
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
        placement: options.placement,
        limit: LIMIT,
        locale: null,
        tags: [],
        exclude: [],
        context: null,
      };
      const { content, degraded } = await recommender.recommendations(request, {
        tenant_id: TENANT,
        epochs,
        signal,
      });
      if (degraded.length)
        throw new Error(`The answer for ${user_id} was made without ${degraded.join(' and ')}; run it again`);
      lines.push(`${user_id}\t${content.items.map(({ campaign_id }) => campaign_id).join(',')}`);
      onProgress(lines.length, questions.length);
    }
    await writeFile(options.out, lines.map((line) => `${line}\n`).join(''));
    return { questions: questions.length, events: fed };
  } finally {
    await (learnt as { views: Running } | null)?.views.close();
    await views.close();
    await log.close();
    stores.close();
    await rm(folder, { recursive: true });
  }
}

/** `evaluate`: the lists to score, from real questions. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('ask the recommender at moments of the past, as the log streams by, and write its lists')
    .requiredOption('--events <file>', 'conversation events, NDJSON, plain or gzip')
    .requiredOption('--campaigns <file>', 'their campaigns, NDJSON')
    .requiredOption('--questions <file>', 'lines of a user, a tab and a moment')
    .requiredOption('--placement <name>', `the placement that is asked: ${[...placements.keys()].join(', ')}`)
    .requiredOption('--out <file>', 'where the lists go: a user, a tab, campaigns, best first')
    .option(
      '--ablate <file>',
      'what came true, by user: tells what each source gives, and which weights would do better',
    )
    .action(async ({ ablate, ...options }: EvaluateOptions & { ablate?: string }) => {
      const told = ablate === undefined ? null : ablation(await readTruth(ablate));
      let shown = 0;
      const { questions, events } = await evaluate(
        { ...options, onRanked: told?.onRanked },
        new AbortController().signal,
        (done, of) => {
          if (done < of && Date.now() - shown < 1000) return;
          shown = Date.now();
          process.stderr.write(`${done} of ${of} questions\n`);
        },
      );
      if (told) {
        console.table(
          told.table().map(({ sources, ndcg }) => ({ sources, 'NDCG@10': Number(ndcg.toFixed(4)) })),
        );
        console.log(JSON.stringify(told.choice()));
      }
      console.log(`${questions} lists in ${options.out}, after ${events} events`);
    });
}
