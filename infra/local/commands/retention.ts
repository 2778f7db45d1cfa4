import { Command } from 'commander';
import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { embeddedIn } from '../folder/embedded-in.ts';
import { type Left, retain } from '../retention/retain.ts';
import { oldAt, USUAL } from '../retention/rules.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

type Options = {
  dryRun: boolean;
  acceptedDays: number;
  messageMonths: number;
  edgeDays: number;
  identityDays: number;
  tenDays: number;
  data: string;
  services: boolean;
};

/** `retention`: takes away what is older than it is kept. */
export function retentionCommand(): Command {
  return new Command('retention')
    .description('take away what is older than it is kept, in every version of a view that is kept up')
    .option('--dry-run', 'only say what would go', false)
    .option('--accepted-days <days>', 'keep all so long from its acceptance', Number, USUAL.accepted_days)
    .option('--message-months <months>', "keep messages' vectors", Number, USUAL.message_months)
    .option('--edge-days <days>', 'keep edges of the graph', Number, USUAL.edge_days)
    .option('--identity-days <days>', 'keep identities of what was counted', Number, USUAL.identity_days)
    .option('--ten-days <days>', 'keep counts by ten minutes', Number, USUAL.ten_days)
    .option('--data <folder>', 'the data folder, which nothing may be running on', DEFAULT_DATA)
    .option('--services', 'instead of a folder the real services that the environment names', false)
    .addHelpText(
      'after',
      `
Daily counts, profiles and campaigns stay. The archive leaves by the lifecycle rules of its bucket, and the log by
its own. Killed in the middle, it is started again with the same words. Import nothing meanwhile.

Examples:
  npm run retention -- --services --dry-run
  npm run retention -- --services --message-months 6`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { dryRun: dry_run, data, services } = options;
  const kept = {
    accepted_days: options.acceptedDays,
    message_months: options.messageMonths,
    edge_days: options.edgeDays,
    identity_days: options.identityDays,
    ten_days: options.tenDays,
  };
  const now_ms = Date.now();
  // Refused before anything is opened.
  oldAt(now_ms, kept);
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  const chosen = services ? readPorts(['views'], {}, process.env) : embeddedIn(data);
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-retention' };
  const { log, viewStores } = await openPorts<'views'>(stack, chosen, means);
  for (const left of await retain({ kept, dry_run, now_ms, log, viewStores, signal }))
    for (const line of told(left, dry_run)) console.log(line);
}

function told({ view, version, gone }: Left, dry_run: boolean): string[] {
  const some = Object.entries(gone).filter(([, many]) => many > 0);
  const of = `${view}, version ${version}:`;
  if (some.length === 0) return [`${of} nothing is old`];
  return some.map(([what, many]) => `${of} ${many} ${what} ${dry_run ? 'would go' : 'went'}`);
}
