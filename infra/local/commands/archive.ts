import { Command } from 'commander';
import type { Archive } from '#backing/archive/port.ts';
import { archiveOf, type WhichArchive } from '../archive/open-archive.ts';
import { printJson, printTable } from '../archive/print-answer.ts';
import { queryArchive } from '../archive/query.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { gibibytes } from './options.ts';

async function using(
  which: WhichArchive,
  work: (archive: Archive, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  await using stack = new AsyncDisposableStack();
  await work(await archiveOf(stack, which), signal);
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--data <folder>', 'the data folder, of a running instance or not', DEFAULT_DATA)
    .option('--services', 'instead of a folder the archive that the environment names', false);
}

const compact = () =>
  command('compact', 'make few large files of many small ones').action((options: WhichArchive) =>
    using(options, async (archive, signal) => {
      const { entries, files, left_over } = await archive.compact({ now_ms: Date.now() }, signal);
      console.log(
        `compacted ${count(entries)} entries: ${count(files.before)} files became ${count(files.after)}; ${count(left_over)} left over objects were taken away`,
      );
    }),
  );

const verify = () =>
  command('verify', 'read all of it, and tell whatever is not as it should be').action(
    (options: WhichArchive) =>
      using(options, async (archive, signal) => {
        let faults = 0;
        for await (const { key, what } of archive.faults(signal)) {
          faults += 1;
          console.error(`${key}: ${what}`);
        }
        if (faults > 0) throw new Mendable(`The archive has ${count(faults)} faults`);
        const { entries, files, rows, bytes, unnamed } = await archive.contents(signal);
        console.log(
          `no faults: ${count(rows)} records in ${count(files)} files of ${count(bytes)} bytes, by ${count(entries)} entries; ${count(unnamed)} objects that the manifest does not name`,
        );
      }),
  );

type QueryOptions = WhichArchive & { json: boolean; maxGib: number };

const query = () =>
  command('query', 'ask by SQL, of DuckDB')
    .argument('<sql>', 'one statement, or several of which the last is answered')
    .option('--json', 'each row as JSON in a line, instead of a table', false)
    .option('--max-gib <gib>', 'the most that is copied to the temporary folder', gibibytes, 8)
    .action((sql: string, { json, maxGib, ...which }: QueryOptions) =>
      using(which, async (archive, signal) => {
        const print = (line: string) => console.log(line);
        await queryArchive({ archive, sql, max_bytes: maxGib * 2 ** 30, signal }, (answer) =>
          json ? printJson(answer, print) : printTable(answer, print),
        );
      }),
    );

/** `archive`: what becomes of the archive, and what is in it. */
export function archiveCommand(): Command {
  return new Command('archive')
    .description('compact, verify and query all that was ever on the log')
    .addCommand(compact())
    .addCommand(verify())
    .addCommand(query())
    .addHelpText(
      'after',
      `
Compacting can be stopped at any point, and be done beside all else. What is queried is a copy of the files that the
manifest names: the views "events" (each identity once, as it is counted) and "campaigns" (the newest content), and as it
was on the log "event_records" and "campaign_records". With --services the environment says which archive, as for the
views (ARCHIVE, S3_…).

Examples:
  npm run archive -- compact
  npm run archive -- query "SELECT type, count(*) FROM events GROUP BY ALL"
  npm run archive -- query --json --services "SELECT * FROM campaigns LIMIT 10"`,
    );
}
