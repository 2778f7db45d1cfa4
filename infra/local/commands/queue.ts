import { Command } from 'commander';
import * as v from 'valibot';
import { readSettings, setting } from '#backing/settings.ts';
import { QUEUED_PATH, QueuedEvents } from '#contract/queued-events.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { lettersAt, type Place } from '../queue/letters.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';

const DEADLINE_MS = 60_000;
const ACCEPTED = 202;

const Letter = v.pipe(v.string(), v.parseJson(), QueuedEvents);
const Told = v.object({ detail: v.fallback(v.string(), '') });

/** `queue`: what the edge's queue held that the gateway would not take, and what is to become of it. */
export function queueCommand(): Command {
  const command = new Command('queue').description(
    "list, show, redrive or drop what the edge's queue could not hand to the gateway",
  );
  const add = (usage: string, description: string) =>
    command
      .command(usage)
      .description(description)
      .option('--env <name>', 'the environment of wrangler.toml: staging, production')
      .option('--namespace <id>', 'the id of its DEAD_LETTERS, where wrangler.toml does not say it')
      .option('--local <folder>', 'what a local simulation has kept in a folder, instead');

  add('list', 'all that wait, oldest first').action(async (place: Place) => {
    const ids = await lettersAt(place, stopSignal()).list();
    for (const id of ids) console.log(id);
    if (ids.length === 0) console.error('No dead letter waits.');
  });
  add('show <ids...>', 'what they hold').action(async (ids: string[], place: Place) => {
    const letters = lettersAt(place, stopSignal());
    for (const id of ids) console.log(await letters.read(id));
  });
  add('redrive [ids...]', 'hand them to the gateway again, all where none is named')
    .requiredOption('--gateway <url>', 'the gateway, by a key of GATEWAY_KEYS in the environment')
    .action(redrive);
  add('drop <ids...>', 'let them be as if they had never come').action(
    async (ids: string[], place: Place) => {
      const letters = lettersAt(place, stopSignal());
      for (const id of ids) await letters.remove(id);
      console.log(`Dropped: ${count(ids.length)}.`);
    },
  );
  return command.addHelpText(
    'after',
    `
Letters stay for 25 days. Events of a letter keep the moment they were accepted at; handed over twice, they count once.

Examples:
  npm run queue -- list --env production
  GATEWAY_KEYS='[{"id":"g1","secret":"…"}]' npm run queue -- redrive --env production --gateway https://gateway.example.com`,
  );
}

async function redrive(ids: string[], { gateway, ...place }: Place & { gateway: string }): Promise<void> {
  const { GATEWAY_KEYS } = readSettings({ GATEWAY_KEYS: setting.keys }, process.env);
  const [key] = (await importKeys(GATEWAY_KEYS)) as [Key];
  const signal = stopSignal();
  const letters = lettersAt(place, signal);
  const all = ids.length > 0 ? ids : await letters.list();
  let refused = 0;
  for (const id of all) {
    const why = await handOver(await letters.read(id), { gateway, key, signal });
    if (why === null) await letters.remove(id);
    else {
      refused++;
      console.error(`${id} stays: ${why}`);
    }
  }
  if (refused > 0) process.exitCode = 1;
  console.log(`Handed over: ${count(all.length - refused)}; refused again: ${count(refused)}.`);
}

/** Null once the log has all of a letter, else why it has not. Throws Mendable where no letter could be handed over. */
async function handOver(
  text: string,
  { gateway, key, signal }: { gateway: string; key: Key; signal: AbortSignal },
): Promise<string | null> {
  const { success, output } = v.safeParse(Letter, text);
  if (!success) return 'it holds no events of the edge: drop it';
  const url = new URL(QUEUED_PATH, gateway);
  const body = new TextEncoder().encode(text);
  const caller = { tenant_id: output.tenant_id, subject: null, scopes: ['events:write' as const] };
  const headers = await sign(
    { method: 'POST', url, caller, deadline_ms: DEADLINE_MS, body },
    key,
    Date.now(),
  );
  headers.set('Content-Type', 'application/json');
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const response = await fetch(url, { method: 'POST', headers, body, signal: timeout }).catch((cause) => {
    signal.throwIfAborted();
    throw new Mendable(`The gateway at ${url.origin} does not answer: is it running?`, { cause });
  });
  const { detail } = v.parse(Told, await response.json().catch(() => ({})));
  if (response.status === ACCEPTED) return null;
  if (response.status === 401) throw new Mendable(`The gateway at ${url.origin} does not know our key`);
  return detail || `the gateway answered ${response.status}`;
}
