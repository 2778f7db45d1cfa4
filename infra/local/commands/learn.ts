import { Command, Option } from 'commander';
import { type ModelContent, ModelVersion, ModelVersions } from '#contract/model.ts';
import {
  type PlacementVersion,
  PlacementVersions,
  PlacementVersion as Version,
} from '#contract/placement.ts';
import { LEAST_CLICKED, type Learnt, learnRanker } from '../../../origin/learning/learn-ranker.ts';
import { scoreBy } from '../../../origin/learning/score-by.ts';
import { teachTrees, teachWeights } from '../../../origin/learning/teachers.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { joinOutcomes } from '../learning/answers.ts';
import { reach, type Where } from '../learning/reach.ts';
import { readAnswered } from '../learning/read-log.ts';
import type { OriginClient } from '../stack/origin-client.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { user as placementName, tenant } from './options.ts';

const PLACEMENTS = '/v1/admin/placements';
const MODELS = '/v1/admin/models';

const teachers = { weights: teachWeights, trees: teachTrees };

type Options = Where & {
  tenant: string;
  placement: string;
  ranker: keyof typeof teachers;
  candidate?: boolean;
};

/** `learn`: what ranks at a placement, from what was answered and clicked. */
export function learnCommand(): Command {
  return new Command('learn')
    .description('learn what ranks at a placement from what was answered and clicked')
    .requiredOption('--tenant <tenant>', 'whose placement', tenant)
    .requiredOption('--placement <name>', 'which one', placementName)
    .addOption(
      new Option('--ranker <kind>', 'what is learnt').choices(Object.keys(teachers)).default('weights'),
    )
    .option('--candidate', 'add what was learnt as a candidate, where it is better')
    .option('--data <folder>', 'the data folder, of a running instance or not', DEFAULT_DATA)
    .option('--gateway <url>', 'a gateway instead, by GATEWAY_KEYS, together with --origin')
    .option('--origin <url>', 'an origin instead, by ORIGIN_KEYS')
    .addHelpText(
      'after',
      `
Reads what the log still has: answers, and the impressions, clicks and conversions that name them by recommendation_id. Two
thirds are learnt from, position apart; the last third tells whether that is better than what ranks now. A candidate answers
nobody until it is made live: POST ${PLACEMENTS}/{placement}. Trees are a version of a model, which the
placement names: POST ${MODELS}/{model}.

Examples:
  npm run learn -- --tenant demo --placement discover
  npm run learn -- --tenant demo --placement discover --ranker trees --candidate`,
    )
    .action(learn);
}

async function learn({ tenant: tenant_id, placement, ranker, candidate, ...where }: Options): Promise<void> {
  await reach(where, tenant_id, async ({ ask, origin }) => {
    const { placements } = await origin({ method: 'GET', path: PLACEMENTS, schema: PlacementVersions });
    const live = placements.find((one) => one.placement === placement && one.status === 'live');
    if (!live) throw new Mendable(`${tenant_id} has no live placement "${placement}": make one live first`);
    const used = await usedBy(live, origin);
    const { served, outcomes } = await readAnswered(ask, { tenant_id, placement });
    const answers = joinOutcomes(served, outcomes);
    console.error(
      `${count(served.length)} answers, of ${count(answers.length)} of which is known what became of them`,
    );
    const learnt = learnRanker(answers, scoreBy(used.content), teachers[ranker]);
    tell(learnt, used);
    if (candidate && learnt.better && learnt.proposed) await add(learnt.proposed, live, origin);
  });
}

type Used = { name: string; content: ModelContent };

/** What ranks at a placement: the live version of its model, or its weights. */
async function usedBy({ version, content }: PlacementVersion, origin: OriginClient): Promise<Used> {
  const plain: Used = { name: `version ${version}`, content: { kind: 'weights', weights: content.weights } };
  if (content.model === null) return plain;
  const path = `${MODELS}/${content.model}`;
  const { models } = await origin({ method: 'GET', path, schema: ModelVersions });
  const model = models.find(({ status }) => status === 'live');
  return model ? { name: `${model.model}@${model.version}`, content: model.content } : plain;
}

function tell({ proposed, better, used, learnt, gain, looked }: Learnt, { name, content }: Used): void {
  if (!proposed) {
    console.error(`That is too little to learn from: it takes ${LEAST_CLICKED} answers with a click`);
    return;
  }
  const digits = (x: number) => x.toFixed(4);
  console.error(`Looked at, beside the first position: ${looked.map((x) => x.toFixed(2)).join(' ')}`);
  console.error(
    `Clicks per look, of the third held out: ${name} ${digits(used)}, learnt ${digits(learnt)}, ` +
      `gain ${digits(gain[0])} to ${digits(gain[1])}`,
  );
  const what = proposed.kind === 'trees' ? `${proposed.trees.length} learnt trees` : 'learnt weights';
  console.error(better ? `The ${what} are better:` : `The ${what} are not better beyond chance; kept is:`);
  const kept = better ? proposed : content;
  console.log(kept.kind === 'weights' ? JSON.stringify(kept.weights, null, 2) : JSON.stringify(kept));
}

/** Weights are added to the placement; trees to its model, which it names from then on. */
async function add(content: ModelContent, live: PlacementVersion, origin: OriginClient): Promise<void> {
  const putPlacement = async (change: Partial<PlacementVersion['content']>) => {
    const path = `${PLACEMENTS}/${live.placement}`;
    return origin({ method: 'PUT', path, body: { ...live.content, ...change }, schema: Version });
  };
  if (content.kind === 'weights') {
    const { version } = await putPlacement({ weights: content.weights, model: null });
    console.error(`Added as version ${version}, a candidate`);
    return;
  }
  const model = live.content.model ?? live.placement;
  const path = `${MODELS}/${model}`;
  const added = await origin({ method: 'PUT', path, body: content, schema: ModelVersion });
  console.error(`Added as version ${added.version} of the model ${model}, a candidate`);
  if (live.content.model === model) return;
  const { version } = await putPlacement({ model });
  console.error(`Version ${version} of the placement names it, a candidate as well`);
}
