import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { importKeys, type Key } from '#contract/signature.ts';
import { gatewayClient } from '../files/gateway-client.ts';
import { importFiles } from '../files/import-files.ts';
import { openRejects } from '../files/rejects.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { changeState, readState } from '../folder/state.ts';
import { fillSimulated } from '../simulated/fill.ts';
import { checkAnswer, curlFor } from '../stack/ask.ts';
import { catchUp } from '../stack/catch-up.ts';
import { type Instance, startInstance } from '../stack/instance.ts';
import { Mendable } from '../terminal/mendable.ts';
import { type Progress, progressOn } from '../terminal/progress.ts';
import { Stopped, stopSignal } from '../terminal/stop-signal.ts';
import { openFiles, summary } from './import.ts';
import { instant, port, seed, tenant } from './options.ts';

type Options = {
  events?: string;
  campaigns?: string;
  tenant: string;
  fresh: boolean;
  data: string;
  port: number;
  originPort: number;
  gatewayPort: number;
  now?: number;
  seed: number;
};

/** `start`: runs all of Edgewise on this machine until it is stopped. */
export function startCommand(): Command {
  return new Command('start')
    .description('run all of Edgewise here: the Worker in workerd, and gateway, views and origin beside it')
    .option('--events <file>', 'events to import first (NDJSON, plain or gzip)')
    .option('--campaigns <file>', 'campaigns to import first')
    .option('--tenant <tenant>', 'whose data is imported or simulated', tenant, 'demo')
    .option('--fresh', 'empty the data folder first', false)
    .option('--data <folder>', 'the data folder', DEFAULT_DATA)
    .option('--port <port>', 'where the edge listens', port, 8787)
    .option('--origin-port <port>', 'where the origin listens', port, 8788)
    .option('--gateway-port <port>', 'where the event gateway listens', port, 8789)
    .option('--now <moment>', 'rank as of this moment, such as 2018-01-31T12:00:00Z', instant)
    .option('--seed <number>', 'which simulated tenant an empty folder gets', seed, 1)
    .addHelpText(
      'after',
      `
An empty data folder is filled with a simulated tenant, unless files are given. Everything listens on 127.0.0.1;
port 0 takes any that is free. Stop it with Ctrl-C.

Examples:
  npm start
  npm start -- --fresh --events events.ndjson.gz --campaigns campaigns.ndjson --tenant acme
  npm start -- --data /tmp/other --port 8887 --origin-port 8888 --gateway-port 8889`,
    )
    .action(async (options: Options) => {
      const signal = stopSignal();
      try {
        await run(options, { signal, progress: progressOn(process.stderr) });
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
      }
    });
}

type Means = { signal: AbortSignal; progress: Progress };

async function run(options: Options, { signal, progress }: Means): Promise<void> {
  const { data, fresh, tenant: tenant_id, now } = options;
  const given = options.events !== undefined || options.campaigns !== undefined;
  refuseForeign(data);
  // Before anything is emptied: a broken file should not cost what is there.
  const files = given ? await openFiles(options) : null;

  const ports = { edge: options.port, origin: options.originPort, gateway: options.gatewayPort };
  const instance = await startInstance({ data, fresh, tenant_id, ports, clock: Date.now, now_ms: now });
  try {
    signal.throwIfAborted();
    await fill(instance, files, options, { signal, progress });
    await catchUp({ read: instance.stack.standing, progress, signal });
    const person = readState(data).person ?? { tenant_id, user_id: 'anybody' };
    await instance.stack.relearn(person.tenant_id);
    const asking = { keys: instance.keys, edge_url: instance.edge_url, person, now_ms: Date.now() };
    await checkAnswer(asking);
    const { gateway_url, origin_url } = instance.stack;
    console.log(`edge ${instance.edge_url}, origin ${origin_url}, gateway ${gateway_url}, data in ${data}`);
    console.log(`Edgewise is ready\n${await curlFor(asking)}`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await instance.close();
  }
}

/** Brings in the files, or the simulated tenant where there is nothing yet. Throws Mendable. */
async function fill(
  { keys, stack }: Instance,
  files: Awaited<ReturnType<typeof openFiles>> | null,
  { data, tenant: tenant_id, seed }: Options,
  { signal, progress }: Means,
): Promise<void> {
  const [key] = (await importKeys([keys.gateway])) as [Key];
  const sendFor = (tenant_id: string) =>
    gatewayClient({ url: stack.gateway_url, key, tenant_id, clock: Date.now, signal });
  if (files) {
    changeState(data, { tenant_id });
    const rejects = openRejects(join(data, 'rejected.ndjson'));
    const imported = await importFiles({ ...files, send: sendFor(tenant_id), rejects, progress });
    console.log(summary(imported, rejects.path));
    if (imported.accepted === 0)
      throw new Mendable('Nothing of the files could be accepted: mend them and start again');
    if (imported.person !== null) {
      changeState(data, { tenant_id, person: { tenant_id, user_id: imported.person } });
    }
    return;
  }
  const { filling } = readState(data);
  const empty = (await stack.standing(signal)).ends.every((end) => end === 0);
  if (!empty && !filling) return;
  const whose = filling?.tenant_id ?? tenant_id;
  await fillSimulated({ data, tenant_id: whose, seed, clock: Date.now, send: sendFor(whose), progress });
}
