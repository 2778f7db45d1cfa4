import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { orAborted } from '#backing/or-aborted.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { chosenSide } from '../compare/chosen-side.ts';
import { type Comparison, compareDumps } from '../compare/compare-dumps.ts';
import { embeddedSide } from '../compare/embedded-side.ts';
import { type Side, storeOf } from '../compare/side.ts';
import { VIEWS } from '../compare/views.ts';
import { gatewayClient } from '../files/gateway-client.ts';
import { importFiles } from '../files/import-files.ts';
import { openRejects } from '../files/rejects.ts';
import { catchUp } from '../stack/catch-up.ts';
import { count, type Progress, progressOn } from '../terminal/progress.ts';
import { Stopped, stopSignal } from '../terminal/stop-signal.ts';
import { openFiles, summary } from './import.ts';
import { tenant } from './options.ts';

type Options = { events?: string; campaigns?: string; tenant: string; keep: boolean };
type Means = { signal: AbortSignal; progress: Progress };

/** `compare`: whether the real services end up with what the embedded parts do, view by view. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('import files into the embedded parts and into the real services, and compare every view')
    .option('--events <file>', 'events, one JSON object a line, plain or gzip')
    .option('--campaigns <file>', 'campaigns, one JSON object a line; imported before the events')
    .option('--tenant <tenant>', 'whose data it is', tenant, 'demo')
    .option('--keep', 'leave on both sides what was imported', false)
    .addHelpText(
      'after',
      `
The services are those of the environment, as gateway and views read it; topics, tables and collections are made for
this run alone, and removed at its end. Exits with 1 where a view differs. Vectors count as equal from a cosine of
.999, since the embedded ones are kept in bytes; the hashes are of all else.

Example:
  set -a; eval "$(npm run -s services -- env)"; set +a
  KAFKA_REPLICAS=1 npm run compare -- --events events.ndjson.gz --campaigns campaigns.ndjson`,
    )
    .action(async (options: Options) => {
      try {
        const equal = await compare(options, { signal: stopSignal(), progress: progressOn(process.stderr) });
        if (!equal) process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        console.error(`Stopped${options.keep ? '' : '; what was made has been removed'}.`);
        process.exitCode = 130;
      }
    });
}

/** Prints how the views compare; true where all are equal. */
async function compare(options: Options, { signal, progress }: Means): Promise<boolean> {
  const files = await openFiles(options);
  const name = `compare_${randomBytes(6).toString('hex')}`;
  const closing = new AsyncDisposableStack();
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'edgewise-compare-'));
    if (!options.keep) closing.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  };
  const added = (side: Side) => {
    if (!options.keep) closing.defer(() => removeOf(side));
    closing.defer(() => side.close());
    return side;
  };
  try {
    const chosen = added(await chosenSide({ env: process.env, name, data: await folder() }));
    const embedded = added(await embeddedSide(await folder()));
    for (const side of [embedded, chosen]) {
      console.log(`into ${side.name}`);
      await importInto(side, files, options, { signal, progress });
    }
    return await compareViews(embedded, chosen, { signal, progress });
  } finally {
    await closing.disposeAsync();
    if (options.keep) console.log(`kept: ${name}`);
  }
}

/** What cannot be removed is told, with its name, and does not hide what the comparison itself came to. */
async function removeOf(side: Side): Promise<void> {
  try {
    await side.remove();
  } catch (error) {
    process.exitCode = 1;
    const why = error instanceof AggregateError ? error.errors.map(String).join('; ') : String(error);
    console.error(`Not removed, and left to you: ${side.name} (${why})`);
  }
}

async function importInto(
  side: Side,
  files: Awaited<ReturnType<typeof openFiles>>,
  { tenant: tenant_id }: Options,
  { signal, progress }: Means,
): Promise<void> {
  const [key] = (await importKeys([side.keys.gateway])) as [Key];
  const send = gatewayClient({ url: side.gateway_url, key, tenant_id, clock: Date.now, signal });
  const rejects = openRejects(join(tmpdir(), `edgewise-${process.pid}-rejected.ndjson`));
  const imported = await importFiles({ ...files, send, rejects, progress });
  await catchUp({ read: side.standing, progress, signal });
  await side.archived(signal);
  console.log(summary(imported, rejects.path));
}

async function compareViews(left: Side, right: Side, { signal, progress }: Means): Promise<boolean> {
  let equal = true;
  for (const { name, canonical } of VIEWS) {
    const [a, b] = [storeOf(left, name), storeOf(right, name)];
    const total = await linesIn(a.dump());
    const comparison = await progress(`comparing ${name}`, total, (at) =>
      orAborted(compareDumps(a.dump(), b.dump(), canonical, { onLine: at }), signal),
    );
    equal &&= comparison.equal;
    console.log(verdict(name, comparison));
  }
  return equal;
}

async function linesIn(dump: AsyncIterable<string>): Promise<number> {
  let lines = 0;
  for await (const _line of dump) lines++;
  return lines;
}

/** One view's result, and the first lines that differ. */
function verdict(name: string, { equal, lines, hashes, least_cosine, differing, first }: Comparison): string {
  const [a, b] = [0, 1].map((side) => `${count(lines[side] ?? 0)} lines ${hashes[side]?.slice(0, 16)}`);
  const near = least_cosine === null ? '' : `, least cosine ${least_cosine.toFixed(6)}`;
  const result = equal ? 'equal' : `${count(differing)} differ`;
  const told = first.flatMap(([one, other]) => [`  - ${one ?? 'no line'}`, `  + ${other ?? 'no line'}`]);
  return [`${name.padEnd(10)} ${a} | ${b} | ${result}${near}`, ...told].join('\n');
}
