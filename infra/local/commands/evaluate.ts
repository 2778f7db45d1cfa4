import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { placements } from '../../../origin/placements.ts';
import { ablation, printRows, readTruth } from '../quality/ablation.ts';
import { chosenGround, embeddedGround, leftOver, removeLeftOver } from '../quality/ground.ts';
import { readCampaigns, readEvents, readQuestions } from '../quality/read-past.ts';
import { replay } from '../quality/replay.ts';
import { type Held, holdShape } from '../quality/shapes/hold.ts';
import { shapes } from '../quality/shapes/shapes.ts';
import { boundsOf, type Part } from '../quality/steps.ts';
import { Mendable } from '../terminal/mendable.ts';
import { progressOn } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { part } from './options.ts';

type Asking = {
  events: string;
  campaigns: string;
  questions: string;
  placement: string;
  out: string;
};
type Options = Partial<Asking> & {
  ablate?: string;
  learning?: boolean;
  services?: boolean;
  part?: Part;
  clean?: string | true;
  shapes?: string | true;
};

const NEEDED = ['events', 'campaigns', 'questions', 'placement', 'out'] as const;

/** By which chance, and as of when: the same as ever. */
const HELD_WITH = { seed: 1, now_ms: Date.parse('2026-11-01T00:00:00.000Z') };
const HEADER =
  '| shape | placement | NDCG@10 | best of what is simple | gain | |\n| --- | --- | --- | --- | --- | --- |';

const HELP = `
Streams the events by in their order, and asks just before each question's moment, when nothing from then on was seen.

With --ablate it also ranks what was found anew: without each source, by each alone, by their plain sum, and by weights learnt
of the questions whose truth was known before each moment: by climbing, by logistic regression, by the model of npm run
learn, from simulated clicks, and by boosted trees. Beside each stands the interval of its gain over the weights in use.

With --services catalogue, counters and profiles, vectors and graph stand where the environment says, as the origin reads it,
in a schema, collections and labels made for this run alone, and removed at its end. --part 2/4 asks the second quarter of the
questions, just as a run of all would: the lists of all parts make the whole. What a run that was killed left there is removed
by --clean, or --clean with a name; without one it must not be used while another run is under way there.

--shapes needs no files: it simulates crowds that talk or do not, return or do not, are few or many, and asks about their last
steps both the shipped placements and popularity, own recent engagement, the cosine of people, EASE, what came next and the
plain sum of these. Told is the best of those, and the 95 % interval of what ours gain over it.

Examples:
  npm run evaluate -- --events events.ndjson.gz --campaigns campaigns.ndjson --questions questions.tsv \\
    --placement discover --out lists.tsv --ablate truth.tsv
  set -a; eval "$(npm run -s services -- env)"; set +a
  npm run evaluate -- --services --part 1/4 --events events.ndjson.gz …
  npm run evaluate -- --clean`;

/** `evaluate`: the lists to score, from real questions. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('ask the recommender at moments of the past, as the log streams by, and write its lists')
    .option('--events <file>', 'conversation events, NDJSON, plain or gzip')
    .option('--campaigns <file>', 'their campaigns, NDJSON')
    .option('--questions <file>', 'lines of a user, a tab and a moment')
    .option('--placement <name>', `the placement that is asked: ${[...placements.keys()].join(', ')}`)
    .option('--out <file>', 'where the lists go: a user, a tab, campaigns, best first')
    .option(
      '--ablate <file>',
      'what came true, by user: a user, a tab, campaigns; tells what each source and each way of weighing gives',
    )
    .option(
      '--services',
      'ask the relational store, vectors and graph of the environment, under names of its own',
    )
    .option('--part <i/n>', 'ask only the i-th of so many parts of the questions', part)
    .option(
      '--clean [name]',
      'remove what runs with --services left there, or one of them, and do nothing else',
    )
    .option('--no-learning', 'keep to the embedding version that tenants share')
    .option(
      '--shapes [name]',
      'hold the shipped placements against what is simple, on data of many shapes, or one',
    )
    .addHelpText('after', HELP)
    .action(async ({ clean, shapes, ...options }: Options) => {
      if (clean !== undefined) await removeLeftOvers(clean);
      else if (shapes !== undefined) await hold(shapes);
      else await evaluate(options);
    });
}

/** Prints a row for each shape and placement, as it is known. */
async function hold(which: string | true): Promise<void> {
  const [signal, wanted] = [stopSignal(), which === true ? [...shapes.keys()] : [which]];
  console.log(HEADER);
  for (const shape of wanted) {
    const crowd = shapes.get(shape);
    if (!crowd)
      throw new Mendable(`There is no shape "${shape}": there are ${[...shapes.keys()].join(', ')}`);
    for (const placement of placements.keys()) {
      console.log(lineOf(await holdShape({ ...{ shape, crowd, placement }, ...HELD_WITH }, signal)));
    }
  }
}

const digits = (x: number) => x.toFixed(3).replace(/^(-?)0/, '$1');

function lineOf({ shape, placement, ndcg, simple, gain: [low, high] }: Held): string {
  const verdict = high < 0 ? 'worse' : low > 0 ? 'better' : 'level';
  return `| ${[shape, placement, digits(ndcg), `${digits(simple.ndcg)}, ${simple.name}`, `${digits(low)} to ${digits(high)}`, verdict].join(' | ')} |`;
}

async function removeLeftOvers(which: string | true): Promise<void> {
  const there = await leftOver(process.env);
  const names = which === true ? there : there.filter((name) => name === which);
  if (which !== true && names.length === 0) throw new Mendable(`Nothing is there that is called ${which}`);
  for (const name of names) {
    await removeLeftOver(process.env, name);
    console.log(`${name} is removed`);
  }
  if (names.length === 0) console.log('Nothing was left');
}

/** Throws a sentence where something is missing that asking needs. */
function asking(options: Options): Asking {
  const missing = NEEDED.filter((name) => options[name] === undefined);
  if (missing.length === 0) return options as Asking;
  throw new Mendable(`evaluate needs ${missing.map((name) => `--${name}`).join(', ')}: see --help`);
}

async function evaluate({ ablate, services, learning, part, ...given }: Options): Promise<void> {
  const options = asking(given);
  const [signal, progress] = [stopSignal(), progressOn(process.stderr)];
  const [campaigns, events] = [await readCampaigns(options.campaigns), await readEvents(options.events)];
  const questions = await readQuestions(options.questions);
  const truth = ablate === undefined ? null : await readTruth(ablate);
  const told = truth && ablation({ questions, truth, events });
  const past = {
    ...{ campaigns, events, questions, placement: options.placement },
    ...{ onRanked: told?.onRanked, all_sources: told !== null, part, learn_texts: learning ?? true },
  };
  const [from, before] = boundsOf(questions.length, part ?? { part: 1, of: 1 });
  const ground = await (services ? chosenGround(process.env) : embeddedGround());
  console.error(`on ${ground.name}`);
  const asked = await progress('asking', before - from, (at) => replay(past, signal, at, ground));
  const lines = asked.answers.map(({ user_id, campaigns }) => `${user_id}\t${campaigns.join(',')}\n`);
  await writeFile(options.out, lines.join(''));
  if (told) {
    console.error('Ranking them anew, source by source');
    printRows(told.rows());
    console.log(JSON.stringify(told.choice()));
  }
  console.log(`${lines.length} lists in ${options.out}, after ${asked.events} events`);
}
