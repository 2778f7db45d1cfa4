import { Command } from 'commander';
import * as v from 'valibot';
import { readSettings, setting } from '#backing/settings.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { type AskGateway, operatorClient } from '../files/operator-client.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { catchUp } from '../stack/catch-up.ts';
import { connect } from '../stack/connect.ts';
import { count, noProgress } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

const PATH = '/internal/dead-letters';
/** Who asks: dead letters belong to no tenant. */
const OPERATOR = 'operator';

const Told = v.object({
  group: v.string(),
  topic: v.string(),
  partition: v.number(),
  offset: v.number(),
  key: v.string(),
  code: v.string(),
  message: v.string(),
  attempts: v.number(),
  at: v.string(),
});
const List = v.object({
  letters: v.array(v.object({ ...Told.entries, id: v.string(), bytes: v.number() })),
  total: v.number(),
});
const Letter = v.object({ ...Told.entries, value: v.string() });

type Options = { data: string; gateway?: string };
type Reached = { ask: AskGateway; caughtUp(): Promise<void> };

/** `dead-letters`: what the views passed over, and what is to become of it. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description(
    'list, show, redrive or drop the records that a view could not process',
  );
  const add = (
    usage: string,
    description: string,
    run: (reached: Reached, ids: readonly string[]) => Promise<void>,
  ) =>
    command
      .command(usage)
      .description(description)
      .option('--data <folder>', 'the data folder, of a running instance or not', DEFAULT_DATA)
      .option('--gateway <url>', 'a gateway instead, by a key of GATEWAY_KEYS in the environment')
      .action((ids: readonly string[] | Options, options: Options | Command) => {
        // commander hands the arguments over before the options, where there are any.
        const [given, chosen] = Array.isArray(ids) ? [ids, options as Options] : [[], ids as Options];
        return reach(chosen, (reached) => run(reached, given));
      });
  add('list', 'all that wait, oldest first', list);
  add('show <ids...>', 'some of them, with the record that each holds', show);
  add('redrive <ids...>', 'put them before their view again: once what was wrong is mended', redrive);
  add('drop <ids...>', 'let them be as if they had never come, for that view', drop);
  return command.addHelpText(
    'after',
    `
An id names the view, and where the record stood: counters:events:3:512.

Examples:
  npm run dead-letters -- list
  npm run dead-letters -- redrive counters:events:3:512
  GATEWAY_KEYS='[{"id":"g1","secret":"…"}]' npm run dead-letters -- list --gateway https://gateway.internal`,
  );
}

async function reach({ data, gateway }: Options, run: (reached: Reached) => Promise<void>): Promise<void> {
  const signal = stopSignal();
  const client = (url: string, [key]: readonly Key[]) =>
    operatorClient({ url, key: key as Key, tenant_id: OPERATOR, clock: Date.now, signal });
  if (gateway !== undefined) {
    const { GATEWAY_KEYS } = readSettings({ GATEWAY_KEYS: setting.keys }, process.env);
    return run({ ask: client(gateway, await importKeys(GATEWAY_KEYS)), caughtUp: async () => {} });
  }
  refuseForeign(data);
  const { gateway_url, keys, standing, close } = await connect({ data, clock: Date.now });
  try {
    await run({
      ask: client(gateway_url, await importKeys([keys.gateway])),
      caughtUp: () => catchUp({ read: standing, progress: noProgress, signal }),
    });
  } finally {
    await close();
  }
}

const pathOf = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

async function list({ ask }: Reached): Promise<void> {
  const { letters, total } = v.parse(List, await ask('GET', PATH));
  for (const { id, at, code, attempts, bytes, message } of letters) {
    console.log(`${id}  ${at}  ${code}  ${attempts}x  ${count(bytes)} bytes  ${message}`);
  }
  if (total > letters.length) console.log(`… and ${count(total - letters.length)} more`);
  if (total === 0) console.log('No dead letter waits.');
}

async function show({ ask }: Reached, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { value, ...told } = v.parse(Letter, await ask('GET', pathOf(id)));
    console.log(JSON.stringify({ id, ...told, value: Buffer.from(value, 'base64').toString() }, null, 2));
  }
}

async function redrive({ ask, caughtUp }: Reached, ids: readonly string[]): Promise<void> {
  for (const id of ids) await ask('POST', `${pathOf(id)}/redrive`);
  await caughtUp();
  const { letters } = v.parse(List, await ask('GET', PATH));
  const again = letters.filter(({ id }) => ids.includes(id));
  for (const { id, attempts, message } of again) {
    console.error(`${id} failed again, the ${attempts}. time: ${message}`);
  }
  if (again.length > 0) process.exitCode = 1;
  console.log(`Put before their view again: ${count(ids.length)}; back already: ${count(again.length)}.`);
}

async function drop({ ask }: Reached, ids: readonly string[]): Promise<void> {
  for (const id of ids) await ask('DELETE', pathOf(id));
  console.log(`Dropped: ${count(ids.length)}.`);
}
