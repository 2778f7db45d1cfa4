import { Command } from 'commander';
import { TABLES_NOTICED_MS } from '#backing/embedder/learnt/tables.ts';
import { drop } from '../embeddings/drop.ts';
import { learn, rollOut } from '../embeddings/learn.ts';
import type { RollingOut } from '../embeddings/rolling-out.ts';
import { openForRollOut, openForSwitch, type Place } from '../embeddings/stores.ts';
import { embeddingStatus, switchEmbeddings } from '../embeddings/switch.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { progressOn } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { tenant } from './options.ts';

type Options = Place & { tenant: string };
type Switch = { partial: boolean };

/** Does something with what a switch needs, and closes it. */
async function switching(
  { tenant: tenant_id, ...place }: Options,
  work: (asked: Parameters<typeof embeddingStatus>[0]) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  await work({ ...(await openForSwitch(stack, place)), tenant_id, signal });
}

/** Does something with what a roll-out needs, and closes it. */
async function rollingOut(
  { tenant: tenant_id, data, services }: Options,
  work: (on: RollingOut) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  await work({
    ...(await openForRollOut(stack, { data, services })),
    ...{ tenant_id, signal },
    progress: progressOn(process.stderr),
    say: (line) => console.error(line),
    views_run: services,
    // Nobody else has the folder.
    noticed_ms: services ? TABLES_NOTICED_MS : 0,
  });
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--tenant <tenant>', 'whose answers', tenant)
    .option('--data <folder>', 'the data folder, which nothing may be running on', DEFAULT_DATA)
    .option('--services', 'instead of a folder the real services that the environment names', false);
}

const partial = [
  '--partial',
  'even where fewer campaigns have vectors of it than of the current one',
] as const;

const status = () =>
  command('status', 'which version a tenant has, and how many of its campaigns have vectors of each').action(
    (options: Options) =>
      switching(options, async (asked) => {
        const { current, switched, versions } = await embeddingStatus(asked);
        console.log(`${asked.tenant_id} has ${current.id}${switched ? '' : ', the usual one'}`);
        for (const { version, campaigns, with_vector } of versions) {
          console.log(`${version.id}: vectors of ${with_vector} of ${campaigns} campaigns`);
        }
      }),
  );

async function switchTo(
  asked: Parameters<typeof switchEmbeddings>[0],
  how: Parameters<typeof switchEmbeddings>[1],
): Promise<void> {
  const { id } = await switchEmbeddings(asked, how);
  console.log(`${asked.tenant_id} has ${id}`);
}

const change = () =>
  command('switch', "make a tenant's answers of another version from now on; the way back is the same")
    .requiredOption('--to <version>', 'the id of a version that an embedder makes')
    .option(...partial, false)
    .action((options: Options & Switch & { to: string }) =>
      switching(options, (asked) => switchTo(asked, options)),
    );

/** Where it is not switched at once, tells what can be. */
async function ready(on: RollingOut, to: string, options: Switch & { switch: boolean }): Promise<void> {
  await rollOut(on, to, Date.now);
  if (options.switch) await switchTo(on, { to, partial: options.partial });
  else console.log(`${on.tenant_id} can be switched to ${to}`);
}

const learning = () =>
  command(
    'learn',
    'learn a version from what a tenant said, and give all of it vectors beside the current ones',
  )
    .option('--switch', 'and switch to it once that was checked', false)
    .option(...partial, false)
    .action((options: Options & Switch & { switch: boolean }) =>
      rollingOut(options, async (on) => ready(on, (await learn(on)).id, options)),
    );

const filling = () =>
  command('fill', 'give all of what a tenant said vectors of a version, or go on doing so, and check them')
    .requiredOption('--to <version>', 'the id of a version that an embedder makes')
    .action((options: Options & { to: string }) =>
      rollingOut(options, (on) => ready(on, options.to, { switch: false, partial: false })),
    );

const dropping = () =>
  command('drop', 'take away a version that no tenant has, and that is not configured for all')
    .requiredOption('--version <version>', 'its id')
    .action((options: Options & { version: string }) =>
      rollingOut(options, async (on) => {
        await drop(on, options.version);
        console.log(`${options.version} is gone`);
      }),
    );

/** `embeddings`: which embedding version a tenant's answers are made of. */
export function embeddingsCommand(): Command {
  return new Command('embeddings')
    .description('see, learn and switch the embedding version that the answers of a tenant are made of')
    .addHelpText(
      'after',
      `
Embedders are configured by EMBEDDER (hashing, http, or both, such as hashing,http) and EMBEDDINGS_…, for all tenants, and
learnt from one's own texts where LEARNT says what keeps them; the views write vectors of all of them. With --services the
views must be running. Killed in the middle, fill goes on with what learn began.

Examples:
  npm run embeddings -- status --tenant demo
  npm run embeddings -- learn --tenant demo --services
  npm run embeddings -- switch --tenant demo --to learnt-128-0123456789ab --services
  npm run embeddings -- switch --tenant demo --to hashing-256-v1 --services
  npm run embeddings -- drop --tenant demo --version learnt-128-0123456789ab --services`,
    )
    .addCommand(status())
    .addCommand(change())
    .addCommand(learning())
    .addCommand(filling())
    .addCommand(dropping());
}
