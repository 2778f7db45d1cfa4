import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importKeys, type Key } from '#contract/signature.ts';
import { gatewayClient } from '../../../infra/local/files/gateway-client.ts';
import { importFiles } from '../../../infra/local/files/import-files.ts';
import { openRecords } from '../../../infra/local/files/records.ts';
import { openRejects } from '../../../infra/local/files/rejects.ts';
import { simulateTenant } from '../../../infra/local/simulated/tenant.ts';
import { catchUp } from '../../../infra/local/stack/catch-up.ts';
import { connect } from '../../../infra/local/stack/connect.ts';
import { noProgress } from '../../../infra/local/terminal/progress.ts';
import type { BenchOptions } from './report.ts';

const TENANT = 'bench';
/** The simulated tenant, so much larger than the one that `npm start` shows. */
const SIMULATED = { seed: 1, people: 3000, conversations: 10_000, visits: 8000 };

/** Files to measure with: those that are given, else a simulated tenant's, written into the folder. */
async function files({ events, campaigns }: BenchOptions, folder: string) {
  if (events && campaigns) return { events, campaigns };
  if (events || campaigns) throw new Error('Give both --events and --campaigns, or neither');
  const tenant = simulateTenant({ ...SIMULATED, now_ms: Date.now() });
  const write = async (name: string, records: readonly object[]) => {
    const path = join(folder, name);
    await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return path;
  };
  return {
    events: await write('events.ndjson', tenant.events),
    campaigns: await write('campaigns.ndjson', tenant.campaigns),
  };
}

/** The people of a file of events, whoever says most first. */
async function peopleOf(path: string): Promise<string[]> {
  const said = new Map<string, number>();
  const records = await openRecords(path);
  for await (const lines of records.lines()) {
    for (const { bytes } of lines) {
      const { user_id } = JSON.parse(String(bytes)) as { user_id: string };
      said.set(user_id, (said.get(user_id) ?? 0) + 1);
    }
  }
  return [...said].sort(([, a], [, b]) => b - a).map(([user_id]) => user_id);
}

/** A data folder that was filled by the whole write path, signed requests and all; gone when disposed of. */
export async function filledFolder(options: BenchOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  const data = join(folder, 'data');
  const given = await files(options, folder);
  const people = await peopleOf(given.events);
  const records = { events: await openRecords(given.events), campaigns: await openRecords(given.campaigns) };

  const connection = await connect({ data, clock: Date.now });
  const [key] = (await importKeys([connection.keys.gateway])) as [Key];
  const { signal } = new AbortController();
  const send = gatewayClient({
    url: connection.gateway_url,
    key,
    tenant_id: TENANT,
    clock: Date.now,
    signal,
  });
  const [begun, before] = [performance.now(), process.cpuUsage()];
  const { accepted, refused } = await importFiles({
    ...records,
    send,
    rejects: openRejects(join(folder, 'rejected.ndjson')),
    progress: noProgress,
  });
  const appended_ms = performance.now() - begun;
  await catchUp({ read: connection.standing, progress: noProgress, signal });
  const took_ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  await connection.close();

  return {
    path: data,
    tenant_id: TENANT,
    people: people.slice(0, 2000),
    /** What filling it took: until all was on the log, and until all views had it, in ms; and CPU µs. */
    filling: { events: records.events.count, accepted, refused, appended_ms, took_ms, cpu_us: user + system },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
