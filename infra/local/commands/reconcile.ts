import { Command } from 'commander';
import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { reconcilerOf } from '../../../ingest/reconcile/keep-reconciling.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { embeddedIn } from '../folder/embedded-in.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

type Options = { data: string; services: boolean };

/** `reconcile`: has the campaign vectors agree with the catalogue. */
export function reconcileCommand(): Command {
  return new Command('reconcile')
    .description('compare the campaign vectors with the catalogue once, and mend what differs')
    .option('--data <folder>', 'the data folder, which nothing may be running on', DEFAULT_DATA)
    .option('--services', 'instead of a folder the real services that the environment names', false)
    .addHelpText(
      'after',
      `
The views do the same by themselves, twice a minute. What they have not come to yet is left to them.

Example:
  npm run reconcile -- --services`,
    )
    .action(run);
}

async function run({ data, services }: Options): Promise<void> {
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  const chosen = services ? readPorts(['views'], {}, process.env) : embeddedIn(data);
  const report = toStderr;
  const means = { clock: Date.now, report, application: 'edgewise-reconcile' };
  const { log, answers, embedders, viewStores } = await openPorts<'views'>(stack, chosen, means);
  const { repairs, failures } = await reconcilerOf({ log, answers, embedders, viewStores, report })(signal);
  const total = { missing: 0, outdated: 0, superfluous: 0 };
  for (const { repaired } of repairs) {
    for (const kind of ['missing', 'outdated', 'superfluous'] as const) total[kind] += repaired[kind];
  }
  const { missing, outdated, superfluous } = total;
  console.log(
    missing + outdated + superfluous === 0
      ? 'nothing was mended'
      : `mended: ${count(missing)} missing, ${count(outdated)} outdated, ${count(superfluous)} superfluous`,
  );
  if (failures > 0)
    throw new Mendable('Not all could be compared, or mended: the lines above say what failed');
}
