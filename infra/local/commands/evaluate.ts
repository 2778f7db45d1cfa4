import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { placements } from '../../../origin/placements.ts';
import { ablation, printRows, readTruth } from '../quality/ablation.ts';
import { chosenGround, embeddedGround } from '../quality/ground.ts';
import { readCampaigns, readEvents, readQuestions } from '../quality/read-past.ts';
import { replay } from '../quality/replay.ts';
import { progressOn } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

type Options = {
  events: string;
  campaigns: string;
  questions: string;
  placement: string;
  out: string;
  ablate?: string;
  services?: boolean;
};

const HELP = `
Streams the events by in their order, and asks just before each question's moment, when nothing from then on was seen.

With --ablate it also ranks what was found anew: without each source, by each alone, by their plain sum, and by weights learnt
of the questions whose truth was known before each moment: by climbing, by logistic regression, and by the model of npm run
learn, from simulated clicks. Beside each stands the interval of its gain over the weights in use.

With --services catalogue, counters and profiles, vectors and graph stand where the environment says, as the origin reads it,
in a schema, collections and labels made for this run alone, and removed at its end.

Examples:
  npm run evaluate -- --events events.ndjson.gz --campaigns campaigns.ndjson --questions questions.tsv \\
    --placement discover --out lists.tsv --ablate truth.tsv
  set -a; eval "$(npm run -s services -- env)"; set +a
  npm run evaluate -- --services --events events.ndjson.gz …`;

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
      'what came true, by user: a user, a tab, campaigns; tells what each source and each way of weighing gives',
    )
    .option(
      '--services',
      'ask the relational store, vectors and graph of the environment, under names of its own',
    )
    .addHelpText('after', HELP)
    .action(evaluate);
}

async function evaluate({ ablate, services, ...options }: Options): Promise<void> {
  const [signal, progress] = [stopSignal(), progressOn(process.stderr)];
  const [campaigns, events] = [await readCampaigns(options.campaigns), await readEvents(options.events)];
  const questions = await readQuestions(options.questions);
  const truth = ablate === undefined ? null : await readTruth(ablate);
  const told = truth && ablation({ questions, truth, events });
  const past = {
    ...{ campaigns, events, questions, placement: options.placement },
    ...{ onRanked: told?.onRanked, all_sources: told !== null },
  };
  const ground = await (services ? chosenGround(process.env) : embeddedGround());
  console.error(`on ${ground.name}`);
  const asked = await progress('asking', questions.length, (at) => replay(past, signal, at, ground));
  const lines = asked.answers.map(({ user_id, campaigns }) => `${user_id}\t${campaigns.join(',')}\n`);
  await writeFile(options.out, lines.join(''));
  if (told) {
    console.error('Ranking them anew, source by source');
    printRows(told.rows());
    console.log(JSON.stringify(told.choice()));
  }
  console.log(`${lines.length} lists in ${options.out}, after ${asked.events} events`);
}
