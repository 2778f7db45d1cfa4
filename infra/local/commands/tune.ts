import { Command } from 'commander';
import { PlacementVersions, PlacementVersion as Version } from '#contract/placement.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { ablation, printRows } from '../quality/ablation.ts';
import { questionsOfPast } from '../quality/own-past.ts';
import { readCampaigns, readEvents } from '../quality/read-past.ts';
import { replay } from '../quality/replay.ts';
import { type AtOrigin, atOrigin } from '../stack/at-origin.ts';
import { Mendable } from '../terminal/mendable.ts';
import { progressOn } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { people, user as placementName, tenant } from './options.ts';

const PATH = '/v1/admin/placements';

type Options = AtOrigin & {
  placement: string;
  events: string;
  campaigns: string;
  people: number;
  candidate?: boolean;
};

/** `tune`: a placement's weights from the tenant's own past. */
export function tuneCommand(): Command {
  return new Command('tune')
    .description("choose a placement's weights by the tenant's own past")
    .requiredOption('--tenant <tenant>', 'whose placement', tenant)
    .requiredOption('--placement <name>', 'which one', placementName)
    .requiredOption('--events <file>', 'the past: conversation events, NDJSON, plain or gzip')
    .requiredOption('--campaigns <file>', 'its campaigns, NDJSON')
    .option('--people <count>', 'how many people are asked about', people, 1000)
    .option('--candidate', 'add what was chosen as a candidate, where it is better')
    .option(
      '--data <folder>',
      'the data folder whose placement it is, of a running instance or not',
      DEFAULT_DATA,
    )
    .option('--origin <url>', 'an origin instead, by ORIGIN_KEYS')
    .addHelpText(
      'after',
      `
Streams the past by in a fresh folder, and asks about some people just before their last steps, as if those had not been seen.
Weights are proposed by one half of the people, by climbing from those in use and by logistic regression, and hold only where
the other half shows them better beyond chance. A candidate answers nobody until it is made live.

Example:
  npm run tune -- --tenant demo --placement discover --events past.ndjson.gz --campaigns campaigns.ndjson`,
    )
    .action(tune);
}

async function tune({ placement, candidate, ...options }: Options): Promise<void> {
  const live = await atOrigin(options, async (origin) => {
    const { placements } = await origin({ method: 'GET', path: PATH, schema: PlacementVersions });
    return placements.find((one) => one.placement === placement && one.status === 'live');
  });
  if (!live)
    throw new Mendable(`${options.tenant} has no live placement "${placement}": make one live first`);
  const [events, campaigns] = [await readEvents(options.events), await readCampaigns(options.campaigns)];
  const { repeats } = live.content;
  const { questions, truth } = questionsOfPast(events, { repeats, people: options.people });
  if (questions.length === 0) throw new Mendable('Nobody in that past did enough to be asked about');
  const told = ablation({ questions, truth, events });
  const past = { campaigns, events, questions, placement, content: live.content, onRanked: told.onRanked };
  await progressOn(process.stderr)('asking', questions.length, (at) => replay(past, stopSignal(), at));
  printRows(told.rows());
  const { changed, shipped, tuned, gain, weights } = told.choice();
  const [low, high] = gain.map((x) => x.toFixed(4));
  console.error(
    `Held out: version ${live.version} ${shipped.toFixed(4)}, chosen ${tuned.toFixed(4)}, gain ${low} to ${high}: ` +
      (changed ? 'the chosen weights are better' : 'not better beyond chance, so those in use are kept'),
  );
  console.log(JSON.stringify(weights, null, 2));
  if (!candidate || !changed) return;
  const body = { ...live.content, weights };
  const added = await atOrigin(options, (origin) =>
    origin({ method: 'PUT', path: `${PATH}/${placement}`, body, schema: Version }),
  );
  console.error(`Added as version ${added.version}, a candidate`);
}
