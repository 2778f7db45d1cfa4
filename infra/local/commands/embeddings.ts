import { Command } from 'commander';
import { embedderSettings, openEmbedders } from '#backing/embedder/open.ts';
import { toStderr } from '#backing/http/report.ts';
import { embeddedStores, realStores } from '../embeddings/stores.ts';
import { embeddingStatus, switchEmbeddings } from '../embeddings/switch.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { tenant } from './options.ts';

type Options = { tenant: string; data: string; services: boolean };

/** Does something with the stores and embedders that are asked for, and closes them. */
async function using(
  { tenant: tenant_id, data, services }: Options,
  work: (asked: Parameters<typeof embeddingStatus>[0]) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  const stores = services ? await realStores(stack) : await embeddedStores(stack, data);
  const embedders = await openEmbedders(embedderSettings(process.env), toStderr);
  stack.defer(() => embedders.close());
  await work({ stores, embedders, tenant_id, signal });
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--tenant <tenant>', 'whose answers', tenant)
    .option('--data <folder>', 'the data folder, which nothing may be running on', DEFAULT_DATA)
    .option('--services', 'instead of a folder the real services that the environment names', false);
}

const status = () =>
  command('status', 'which version a tenant has, and how many of its campaigns have vectors of each').action(
    (options: Options) =>
      using(options, async (asked) => {
        const { current, switched, versions } = await embeddingStatus(asked);
        console.log(`${asked.tenant_id} has ${current.id}${switched ? '' : ', the usual one'}`);
        for (const { version, campaigns, with_vector } of versions) {
          console.log(`${version.id}: vectors of ${with_vector} of ${campaigns} campaigns`);
        }
      }),
  );

const change = () =>
  command('switch', "make a tenant's answers of another version from now on; the way back is the same")
    .requiredOption('--to <version>', 'the id of a version that a configured embedder makes')
    .option('--partial', 'even where fewer campaigns have vectors of it than of the current one', false)
    .action((options: Options & { to: string; partial: boolean }) =>
      using(options, async (asked) => {
        const { id } = await switchEmbeddings(asked, options);
        console.log(`${asked.tenant_id} has ${id}`);
      }),
    );

/** `embeddings`: which embedding version a tenant's answers are made of. */
export function embeddingsCommand(): Command {
  return new Command('embeddings')
    .description('see and switch the embedding version that the answers of a tenant are made of')
    .addHelpText(
      'after',
      `
Embedders are configured by EMBEDDER (hashing, http, or both, such as hashing,http) and EMBEDDINGS_…; the views write
vectors of all of them.

Examples:
  npm run embeddings -- status --tenant demo
  npm run embeddings -- switch --tenant demo --to hashing-256-v1 --services`,
    )
    .addCommand(status())
    .addCommand(change());
}
