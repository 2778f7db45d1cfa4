import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Stopped, stopSignal } from '../terminal/stop-signal.ts';
import { seed } from './options.ts';

const folder = new URL('../../../test/chaos/', import.meta.url);

/** What there is to be disturbed: the files of test/chaos. */
function names(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

function known(name: string): string {
  if (names().includes(name)) return name;
  throw new InvalidArgumentError(`There are ${names().join(', ')}.`);
}

function rounds(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return value;
  throw new InvalidArgumentError('A whole number from 1 to 99999.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 60) return value;
  throw new InvalidArgumentError('It is from 1 to 60.');
}

/** `chaos NAME`: makes faults under load, and checks that what is promised holds. Exits with 1 where it does not. */
export function chaosCommand(): Command {
  return new Command('chaos')
    .description('make faults under load, one a round, and check that what is promised holds')
    .argument('<name>', `one of ${names().join(', ')}`, known)
    .option('--rounds <n>', 'how many faults are made, one after the other', rounds, 10)
    .option(
      '--seed <n>',
      'the same seed makes the same faults in the same order (default: another each time)',
      seed,
    )
    .addOption(
      new Option('--on <parts>', 'on servers of its own, or on embedded parts in one process')
        .choices(['services', 'embedded'])
        .default('services'),
    )
    .option('--only <text>', 'of the faults of `origin` only those whose name has this in it')
    .option('--seconds <n>', 'how long each fault of `origin` lasts', seconds, 6)
    .option('--json <file>', 'write all figures to a file')
    .action(async (name: string, options) => {
      const { chaos } = await import(new URL(`${name}.ts`, folder).href);
      try {
        const holds = await chaos({ seed: randomInt(2 ** 32), ...options, signal: stopSignal() });
        if (!holds) process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        console.error('Stopped; what was started has been ended.');
        process.exitCode = 130;
      }
    });
}
