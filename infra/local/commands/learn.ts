import { Command } from 'commander';
import { readSettings, setting } from '#backing/settings.ts';
import {
  type PlacementVersion,
  PlacementVersions,
  PlacementVersion as Version,
} from '#contract/placement.ts';
import { importKeys, type Key, type SigningKey } from '#contract/signature.ts';
import { LEAST_CLICKED, type Learnt, learnWeights } from '../../../origin/learning/learn-weights.ts';
import { type AskGateway, operatorClient } from '../files/operator-client.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { joinOutcomes } from '../learning/answers.ts';
import { readAnswered } from '../learning/read-log.ts';
import { connect } from '../stack/connect.ts';
import { type OriginClient, originClient } from '../stack/origin-client.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { user as placementName, tenant } from './options.ts';

const PATH = '/v1/admin/placements';

type Options = {
  tenant: string;
  placement: string;
  candidate?: boolean;
  data: string;
  gateway?: string;
  origin?: string;
};

/** `learn`: a placement's weights from what was answered and clicked. */
export function learnCommand(): Command {
  return new Command('learn')
    .description("learn a placement's weights from what was answered and clicked")
    .requiredOption('--tenant <tenant>', 'whose placement', tenant)
    .requiredOption('--placement <name>', 'which one', placementName)
    .option('--candidate', 'add what was learnt as a candidate, where it is better')
    .option('--data <folder>', 'the data folder, of a running instance or not', DEFAULT_DATA)
    .option('--gateway <url>', 'a gateway instead, by GATEWAY_KEYS, together with --origin')
    .option('--origin <url>', 'an origin instead, by ORIGIN_KEYS')
    .addHelpText(
      'after',
      `
Reads what the log still has: answers, and the impressions, clicks and conversions that name them by recommendation_id. Two
thirds are learnt from, position apart; the last third tells whether the weights are better than those in use. A candidate
answers nobody until it is made live: POST ${PATH}/{placement}.

Examples:
  npm run learn -- --tenant demo --placement discover
  npm run learn -- --tenant demo --placement discover --candidate`,
    )
    .action(learn);
}

async function learn({ tenant: tenant_id, placement, candidate, ...where }: Options): Promise<void> {
  await reach(where, tenant_id, async ({ ask, origin }) => {
    const { placements } = await origin({ method: 'GET', path: PATH, schema: PlacementVersions });
    const live = placements.find((one) => one.placement === placement && one.status === 'live');
    if (!live) throw new Mendable(`${tenant_id} has no live placement "${placement}": make one live first`);
    const { served, outcomes } = await readAnswered(ask, { tenant_id, placement });
    const answers = joinOutcomes(served, outcomes);
    console.error(
      `${count(served.length)} answers, of ${count(answers.length)} of which is known what became of them`,
    );
    const learnt = learnWeights(answers, live.content.weights);
    tell(learnt, live);
    if (!candidate || !learnt.changed) return;
    const content = { ...live.content, weights: learnt.weights };
    const command = { method: 'PUT', path: `${PATH}/${placement}`, body: content, schema: Version } as const;
    console.error(`Added as version ${(await origin(command)).version}, a candidate`);
  });
}

function tell({ weights, changed, used, learnt, gain, looked }: Learnt, live: PlacementVersion): void {
  if (looked.length === 0) {
    console.error(`That is too little to learn from: it takes ${LEAST_CLICKED} answers with a click`);
    return;
  }
  const digits = (x: number) => x.toFixed(4);
  console.error(`Looked at, beside the first position: ${looked.map((x) => x.toFixed(2)).join(' ')}`);
  console.error(
    `Clicks per look, of the third held out: version ${live.version} ${digits(used)}, learnt ${digits(learnt)}, ` +
      `gain ${digits(gain[0])} to ${digits(gain[1])}`,
  );
  console.error(changed ? 'The learnt weights are better:' : 'That is not better beyond chance; kept are:');
  console.log(JSON.stringify(weights, null, 2));
}

type Reached = { ask: AskGateway; origin: OriginClient };

async function reach(
  { data, gateway, origin }: Pick<Options, 'data' | 'gateway' | 'origin'>,
  tenant_id: string,
  run: (reached: Reached) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  const keyOf = async ([key]: readonly SigningKey[]) => (await importKeys([key as SigningKey]))[0] as Key;
  const clients = async (
    gateway_url: string,
    gateway_keys: readonly SigningKey[],
    origin_url: string,
    origin_keys: readonly SigningKey[],
  ): Promise<Reached> => {
    const common = { tenant_id, clock: Date.now };
    return {
      ask: operatorClient({ ...common, url: gateway_url, key: await keyOf(gateway_keys), signal }),
      origin: originClient({ ...common, url: origin_url, key: await keyOf(origin_keys) }),
    };
  };
  if ((gateway === undefined) !== (origin === undefined))
    throw new Mendable('--gateway and --origin come together: give both, or neither');
  if (gateway !== undefined && origin !== undefined) {
    const read = readSettings({ GATEWAY_KEYS: setting.keys, ORIGIN_KEYS: setting.keys }, process.env);
    return run(await clients(gateway, read.GATEWAY_KEYS, origin, read.ORIGIN_KEYS));
  }
  refuseForeign(data);
  const { keys, gateway_url, origin_url, close } = await connect({ data, clock: Date.now, origin: true });
  try {
    await run(await clients(gateway_url, [keys.gateway], origin_url, [keys.origin]));
  } finally {
    await close();
  }
}
