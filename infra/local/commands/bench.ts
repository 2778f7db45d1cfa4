import { readdirSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';

const folder = new URL('../../../test/bench/', import.meta.url);

/** The benchmarks there are: the files of test/bench. */
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

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 60) return value;
  throw new InvalidArgumentError('It is more than 0 and at most 60.');
}

/** `bench NAME`: measures a part, beside a baseline of the same run. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('measure a part beside a baseline taken in the same run')
    .argument('<name>', `one of ${names().join(', ')}`, known)
    .option('--json <file>', 'write all figures to a file')
    .option(
      '--events <file>',
      'conversation events to measure with, NDJSON, plain or gzip (default: simulated)',
    )
    .option('--campaigns <file>', 'their campaigns, NDJSON')
    .option(
      '--only <name>',
      'of the stores, or of the ways through the edge, only those whose name has this in it; of growth, where: embedded or milvus',
    )
    .option('--sizes <list>', 'of growth, messages x campaigns: 10000x100,1000000x10000')
    .option('--services', 'of origin, on the real services of the environment')
    .option('--seconds <n>', 'how long each measurement takes', seconds, 5)
    .action(async (name: string, options) => {
      const { bench } = await import(new URL(`${name}.ts`, folder).href);
      await bench(options);
    });
}
