import { Command } from 'commander';
import { explain, Mendable } from '../local/terminal/mendable.ts';
import { stopSignal } from '../local/terminal/stop-signal.ts';
import { named, SERVICES } from './all.ts';
import type { Context } from './context.ts';
import { claim } from './data.ts';
import { down } from './down.ts';
import { envText } from './env.ts';
import { foldersOf } from './place.ts';
import { readRecord } from './record.ts';
import type { Service } from './service.ts';
import { statusOf, statusText } from './status.ts';
import { up } from './up.ts';

const ABOUT = `
Services: ${SERVICES.map(({ name, about, usual }) => `${name} (${about}${usual ? '' : ', only by name'})`).join(', ')}
Settings: EDGEWISE_SERVICES        where they are installed
          EDGEWISE_SERVICES_DATA   where their data is, as --data
          EDGEWISE_<NAME>_PORT     the port of one, such as EDGEWISE_POSTGRES_PORT

Examples:
  npm run services -- up
  npm run services -- up postgres redis --fresh
  set -a; eval "$(npm run -s services -- env)"`;

const program = new Command('services')
  .description('The real services that Edgewise stands on, on this machine, without Docker')
  .usage('<command> [options] [name...]')
  .option('--data <folder>', 'where the data of the services is')
  .option('--verbose', 'show where in the code a failure arose')
  .addHelpText('after', ABOUT)
  .showHelpAfterError('(add --help to see what there is)');

program
  .command('up [name...]')
  .description('install what is missing, start, and wait until each answers')
  .option('--fresh', 'empty their data first', false)
  .action(async (names: string[], options: { fresh: boolean }) => {
    const context = claimed();
    await each(context, named(names), (service) => up(context, service, options));
  });

program
  .command('down [name...]')
  .description('stop those that were started here; without names, all of them')
  .option('--fresh', 'empty their data as well', false)
  .action(async (names: string[], options: { fresh: boolean }) => {
    const context = claimed();
    const services = names.length > 0 ? named(names) : usualAnd(context);
    await each(context, services, (service) => down(context, service, options));
  });

program
  .command('status [name...]')
  .description('how they stand; the exit code is 1 where one that was named is not ready')
  .option('--json', 'for programs', false)
  .action(async (names: string[], { json }: { json: boolean }) => {
    const context = contextNow();
    const services = names.length > 0 ? named(names) : usualAnd(context);
    const statuses = await Promise.all(services.map((service) => statusOf(context, service)));
    console.log(json ? JSON.stringify(statuses, null, 2) : statusText(statuses));
    if (names.length > 0 && statuses.some(({ state }) => state !== 'ready')) process.exitCode = 1;
  });

program
  .command('env [name...]')
  .description('print the environment that leads to them')
  .action((names: string[]) => {
    const context = contextNow();
    console.log(envText(context, names.length > 0 ? named(names) : usualAnd(context)));
  });

function contextNow(): Context {
  const folders = foldersOf(process.env, process.getuid?.(), program.opts<{ data?: string }>().data);
  const tell = (name: string, words: string) => console.error(`${name.padEnd(9)} ${words}`);
  return { folders, environment: process.env, signal: new AbortController().signal, tell };
}

function claimed(): Context {
  const context = { ...contextNow(), signal: stopSignal() };
  claim(context.folders);
  return context;
}

/** The usual ones, and what else has been started. */
function usualAnd({ folders }: Context): readonly Service[] {
  return SERVICES.filter(({ name, usual }) => usual || readRecord(folders, name));
}

/** All side by side, each to its end; then throws Mendable with every failure there was. */
async function each(
  { signal }: Context,
  services: readonly Service[],
  work: (service: Service) => Promise<void>,
): Promise<void> {
  const done = await Promise.allSettled(services.map(work));
  const failures = done.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return;
  if (signal.aborted) throw new Mendable('Stopped before the end');
  const verbose = program.opts<{ verbose?: boolean }>().verbose ?? false;
  throw new Mendable(failures.map((failure) => explain(failure, verbose)).join('\n\n'), {
    cause: failures[0],
  });
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error, program.opts<{ verbose?: boolean }>().verbose ?? false));
  process.exitCode = 1;
}
