import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { openStores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { Log } from '#backing/log/port.ts';
import { Campaign } from '#contract/campaign.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { answeringGroups, topics } from '#contract/topics.ts';
import { Instant } from '#contract/values.ts';
import { startViews } from '../../../ingest/start.ts';
import { placements } from '../../../origin/placements.ts';
import { openRecommender } from '../../../origin/recommender.ts';
import { openRecords } from '../files/records.ts';
import { Mendable } from '../terminal/mendable.ts';

export type EvaluateOptions = {
  events: string;
  campaigns: string;
  questions: string;
  placement: string;
  out: string;
};

type Question = { user_id: string; moment: string };

const TENANT = 'evaluation';
const LIMIT = 10;
const APPEND = 1000;

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

/** Resolves once all views have handled all that the log holds. */
async function settled(log: Log, signal: AbortSignal): Promise<void> {
  const all = [topics.imports, topics.campaigns];
  await Promise.all(answeringGroups.map((group) => caughtUp(log, group, all, signal)));
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
  try {
    const recommender = openRecommender({
      ...stores,
      embedders: embeddersOf(hashingEmbedder),
      clock: Date.now,
      refresh_ms: 0,
      report: toStderr,
    });
    const accepted_at = new Date().toISOString();
    const owned = { tenant_id: TENANT, accepted_at };
    await log.append(
      topics.campaigns,
      campaigns.map((campaign) => campaignRecord({ ...owned, campaign_id: campaign.campaign_id, campaign })),
      signal,
    );
    const lines: string[] = [];
    let fed = 0;
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
      if (fed > from || lines.length === 0) await settled(log, signal);
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
    .action(async (options: EvaluateOptions) => {
      let shown = 0;
      const { questions, events } = await evaluate(options, new AbortController().signal, (done, of) => {
        if (done < of && Date.now() - shown < 1000) return;
        shown = Date.now();
        process.stderr.write(`${done} of ${of} questions\n`);
      });
      console.log(`${questions} lists in ${options.out}, after ${events} events`);
    });
}
