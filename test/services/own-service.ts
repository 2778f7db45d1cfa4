import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { foldersOf } from '../../infra/services/place.ts';
import type { Ports } from '../../infra/services/ports.ts';
import { runInto } from '../../infra/services/run.ts';
import type { Service } from '../../infra/services/service.ts';
import { temporaryFolder } from '../support/folder.ts';

const START_MS = 90_000;
const LOOK_MS = 50;

export type OwnService = {
  /** The variables that lead to it, as `npm run services -- env` prints them. */
  env: Readonly<Record<string, string>>;
  /** Starts it on the data it has; resolves once it answers. */
  start(): Promise<void>;
  /** Ends it by that signal: SIGKILL, unless another is given, which is what a crash is. Resolves once it is gone. */
  end(by?: NodeJS.Signals): Promise<void>;
  /** Copies its data as it is now, as a backup does; what is given back puts the copy in its place, once it has ended. */
  copyData(): Promise<() => Promise<void>>;
};

/**
 * A server that a test may kill and start again, on data of its own; gone when the test has finished. Where it is
 * not installed the test is skipped, loudly; with EDGEWISE_SERVICES_REQUIRED=1 it fails.
 */
export async function ownService(service: Service, skip: (why: string) => never): Promise<OwnService> {
  const { signal } = new AbortController();
  const ports = await freePorts(service.ports);
  const folder = await temporaryFolder();
  // PostgreSQL runs as a user of its own, who has to get to its folder.
  await chmod(folder, 0o711);
  const data = join(folder, service.name);
  await mkdir(data);
  const { installs } = foldersOf(process.env, process.getuid?.());
  const place = {
    ports,
    installs,
    data,
    run: runInto(join(folder, 'prepare.log'), signal),
    portsOf: (other: { ports: Ports }) => other.ports,
  };
  if (!(await service.installed(place))) {
    const why = `${service.name} is not installed: run npm run services -- up ${service.name}, which installs it`;
    if (process.env['EDGEWISE_SERVICES_REQUIRED'] === '1') throw new Error(why);
    console.warn(`SKIPPED, ${why}`);
    return skip(why);
  }
  let child: ChildProcess | undefined;
  const runs = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  async function start(): Promise<void> {
    const { command, args, env, as } = await service.start(place);
    const until = performance.now() + START_MS;
    for (let last: unknown; performance.now() < until; await sleep(LOOK_MS)) {
      // It refuses to start for as long as helpers of the one that was killed have not ended.
      if (!runs())
        child = spawn(command, args, { cwd: '/', ...as, env: { ...process.env, ...env }, stdio: 'ignore' });
      try {
        await service.ready(ports, AbortSignal.timeout(5_000));
        if (runs()) return;
      } catch (error) {
        last = error;
      }
      if (performance.now() + LOOK_MS >= until)
        throw new Error(`${service.name} does not start`, { cause: last });
    }
  }

  async function end(by: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!child || !runs()) return;
    const closed = once(child, 'close');
    child.kill(by);
    await closed;
  }

  async function copyData(): Promise<() => Promise<void>> {
    const copy = join(folder, 'copy');
    await cp(data, copy, { recursive: true });
    return async () => {
      await rm(data, { recursive: true });
      await cp(copy, data, { recursive: true });
    };
  }

  onTestFinished(() => end());
  await start();
  return { env: service.env(ports), start, end, copyData };
}

/** Below the ports that Linux gives to clients: one that calls a server which is away could reach itself there. */
async function freePorts(wanted: Ports): Promise<Ports> {
  const chosen: Record<string, number> = {};
  for (const name of Object.keys(wanted)) {
    do chosen[name] = randomInt(20_000, 32_000);
    while (!(await isFree(chosen[name])));
  }
  return { ...wanted, ...chosen };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
