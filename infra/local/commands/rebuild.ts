import { Command, Option } from 'commander';
import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { NOTICED_MS } from '#backing/open/view-stores.ts';
import type { ViewState } from '#backing/view-versions/port.ts';
import { groupOf, type ViewName, viewNames } from '#contract/topics.ts';
import { startVersions } from '../../../ingest/versions.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { embeddedIn } from '../folder/embedded-in.ts';
import { versionMaker } from '../rebuild/maker.ts';
import { checkGroupFollows } from '../rebuild/reach.ts';
import { type RebuildOptions, rebuild } from '../rebuild/rebuild.ts';
import type { Rebuilding } from '../rebuild/rebuilding.ts';
import { finish, rollBack } from '../rebuild/switch.ts';
import { progressOn } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

type Options = {
  view: ViewName;
  from: RebuildOptions['from'];
  rollback?: boolean;
  finish?: boolean;
  status?: boolean;
  acceptDifferences: boolean;
  data: string;
  services: boolean;
};

/** `rebuild`: makes a view anew beside itself, and switches to it, back, or for good. */
export function rebuildCommand(): Command {
  return new Command('rebuild')
    .description('make a view anew from all that was ever accepted, and switch to it while events go on')
    .addOption(new Option('--view <view>', 'which one').choices(viewNames).makeOptionMandatory())
    .addOption(
      new Option('--from <source>', 'where the beginning is read')
        .choices(['archive', 'log'])
        .default('archive'),
    )
    .option('--status', 'only say which versions there are')
    .option('--rollback', 'go back to the version that served before, which has been kept up')
    .option('--finish', 'take away all versions but the one that serves')
    .option('--accept-differences', 'switch even where the new version differs from the old one', false)
    .option('--data <folder>', 'the data folder, which nothing may be running on', DEFAULT_DATA)
    .option('--services', 'instead of a folder the real services that the environment names', false)
    .addHelpText(
      'after',
      `
Killed in the middle, it is started again with the same words and goes on. With --services the views must be running:
they notice the new version, and the switch, within seconds, as origins do.

Examples:
  npm run rebuild -- --view embeddings --services
  npm run rebuild -- --view embeddings --services --finish`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { view, from, data, services, acceptDifferences: accept_differences } = options;
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  const chosen = services ? readPorts(['views'], {}, process.env) : embeddedIn(data);
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-rebuild' };
  const { log, archive, answers, embedders, switches, viewStores } = await openPorts<'views'>(
    stack,
    chosen,
    means,
  );
  const { viewVersions } = switches;
  if (options.status) return console.log(told(await viewVersions.read(view, signal)));
  if (!services) {
    // `npm start` runs only what serves: the other one follows the log from here on, if it still can.
    const { beside } = await viewVersions.read(view, signal);
    if (options.rollback && beside !== null) await checkGroupFollows(groupOf(view, beside), log, signal);
    const versions = await startVersions({
      viewStores,
      log,
      answers,
      embedders,
      deletions: switches.deletions,
      clock: Date.now,
    });
    stack.defer(() => versions.close());
  }
  const on: Rebuilding = {
    ...versionMaker(chosen, means),
    ...{ view, log, archive, answers, embedders, viewVersions, viewStores, signal },
    progress: progressOn(process.stderr),
    say: (line) => console.log(line),
    // Nobody else has the folder.
    noticed_ms: services ? NOTICED_MS : 0,
  };
  if (options.rollback) console.log(told(await rollBack(on)));
  else if (options.finish) console.log(told(await finish(on)));
  else console.log(told(await rebuild(on, { from, accept_differences })));
}

function told({ view, serving, beside, keeps_up }: ViewState): string {
  if (beside === null) return `${view}: version ${serving} serves, alone`;
  return `${view}: version ${serving} serves, version ${beside} is ${keeps_up ? 'kept up' : 'being made'} beside it`;
}
