import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { importKeys, type Key } from '#contract/signature.ts';
import { checkpointsIn, type OpenCheckpoint } from '../files/checkpoint.ts';
import { gatewayClient } from '../files/gateway-client.ts';
import { type Imported, importFiles } from '../files/import-files.ts';
import { openRecords, type Records } from '../files/records.ts';
import { openRejects } from '../files/rejects.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { changeState } from '../folder/state.ts';
import { catchUp } from '../stack/catch-up.ts';
import { connect } from '../stack/connect.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count, type Progress, progressOn } from '../terminal/progress.ts';
import { Stopped, stopSignal } from '../terminal/stop-signal.ts';
import { tenant } from './options.ts';

type Options = { events?: string; campaigns?: string; tenant: string; data: string; rejects?: string };

/** `import`: brings files of events and campaigns into a data folder, running or not. */
export function importCommand(): Command {
  return new Command('import')
    .description('import events and campaigns from NDJSON files, plain or gzip')
    .option('--events <file>', 'events, one JSON object a line, in the order they are to count')
    .option('--campaigns <file>', 'campaigns, one JSON object a line; imported before the events')
    .option('--tenant <tenant>', 'whose data it is', tenant, 'demo')
    .option('--data <folder>', 'the data folder, of a running instance or not', DEFAULT_DATA)
    .option('--rejects <file>', 'where refused lines are told (default: rejected.ndjson in the data folder)')
    .addHelpText(
      'after',
      `
The same file can be imported again without harm: what is known already counts once. After an interruption, start the
same import again: it goes on where it stopped.

Examples:
  npm run import -- --events events.ndjson.gz --campaigns campaigns.ndjson
  npm run import -- --events march.ndjson --tenant acme --rejects march.rejected.ndjson`,
    )
    .action(async (options: Options) => {
      const signal = stopSignal();
      try {
        const { accepted } = await runImport(options, { signal, progress: progressOn(process.stderr) });
        if (accepted === 0) process.exitCode = 1;
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
        console.error(
          'Stopped. Start the same import again: it goes on from here, and nothing counts twice.',
        );
        process.exitCode = 130;
      }
    });
}

type Means = { signal: AbortSignal; progress: Progress };

async function runImport(options: Options, { signal, progress }: Means): Promise<Imported> {
  const { tenant: tenant_id, data } = options;
  refuseForeign(data);
  const files = await openFiles(options);
  const connection = await connect({ data, clock: Date.now });
  try {
    const [key] = (await importKeys([connection.keys.gateway])) as [Key];
    const send = gatewayClient({ url: connection.gateway_url, key, tenant_id, clock: Date.now, signal });
    const checkpoint = checkpointsIn(data, tenant_id);
    const rejects = openRejects(rejectsPath(options), { goesOn: await wasBrokenOff(files, checkpoint) });
    changeState(data, { tenant_id });
    const imported = await importFiles({ ...files, send, rejects, progress, checkpoint });
    await catchUp({ read: connection.standing, progress, signal });
    imported.done();
    if (imported.person !== null) {
      changeState(data, { tenant_id, person: { tenant_id, user_id: imported.person } });
    }
    console.log(summary(imported, rejects.path));
    if (connection.running && !connection.running.tenants.includes(tenant_id)) {
      console.error(
        `Mind: restart npm start, so that its Worker lets in the tenant ${tenant_id}, which is new.`,
      );
    }
    return imported;
  } finally {
    await connection.close();
  }
}

/** The files that were named, each read through once. Throws Mendable. */
export async function openFiles({
  events,
  campaigns,
}: Pick<Options, 'events' | 'campaigns'>): Promise<{ events: Records | null; campaigns: Records | null }> {
  if (events === undefined && campaigns === undefined) {
    throw new Mendable('Name what to import: --events FILE, --campaigns FILE, or both');
  }
  return {
    campaigns: campaigns === undefined ? null : await openRecords(campaigns),
    events: events === undefined ? null : await openRecords(events),
  };
}

/** Whether any of the files was imported in part. */
async function wasBrokenOff(
  { events, campaigns }: Awaited<ReturnType<typeof openFiles>>,
  checkpoint: OpenCheckpoint,
): Promise<boolean> {
  const kept = [
    campaigns && (await checkpoint('campaigns', campaigns.path)),
    events && (await checkpoint('imports', events.path)),
  ];
  return kept.some((one) => one !== null && one.reached.line > 0);
}

function rejectsPath({ data, rejects, events, campaigns }: Options): string {
  const path = resolve(rejects ?? join(data, 'rejected.ndjson'));
  if ([events, campaigns].some((file) => file !== undefined && resolve(file) === path)) {
    throw new Mendable('--rejects names a file that is to be imported: name another');
  }
  return path;
}

/** What became of the lines, in a sentence. */
export function summary({ accepted, events, refused }: Imported, rejects: string): string {
  const counted = `accepted ${count(events)} events and ${count(accepted - events)} campaigns, refused ${count(refused)}`;
  return refused === 0 ? counted : `${counted}: ${rejects} says which lines and why`;
}
