import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Simulation, simulateTenant } from '../../../infra/local/simulated/tenant.ts';

/** Writes a simulated tenant as files to import: campaigns plain, events gzip. */
export async function simulatedFiles(folder: string, simulation: Simulation) {
  const { campaigns, events } = simulateTenant(simulation);
  const lines = (all: readonly unknown[]) => all.map((one) => `${JSON.stringify(one)}\n`).join('');
  const paths = { campaigns: join(folder, 'campaigns.ndjson'), events: join(folder, 'events.ndjson.gz') };
  await writeFile(paths.campaigns, lines(campaigns));
  await writeFile(paths.events, gzipSync(lines(events)));
  return { ...paths, count: campaigns.length + events.length };
}
