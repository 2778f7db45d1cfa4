import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { foldersOf } from '../../infra/services/place.ts';
import type { Ports } from '../../infra/services/ports.ts';
import { runInto } from '../../infra/services/run.ts';
import type { Service } from '../../infra/services/service.ts';

const START_MS = 90_000;
const LOOK_MS = 50;

export type OwnServer = {
  /** The variables that lead to it, as `npm run services -- env` prints them. */
  env: Readonly<Record<string, string>>;
  pid(): number;
  /** Starts it on the data it has; resolves once it answers. */
  start(): Promise<void>;
  /** Ends it by that signal: SIGKILL, unless another is given, which is what a crash is. Resolves once it is gone. */
  end(by?: NodeJS.Signals): Promise<void>;
  /** Resolves once it has ended by itself. */
  ended(): Promise<void>;
  /** Copies its data as it is now, as a backup does; what is given back puts the copy in its place, once it has ended. */
  copyData(): Promise<() => Promise<void>>;
};

/** A server is not installed on this machine. */
export class NotInstalled extends Error {
  readonly code = 'mendable';
  readonly retryable = false;
}

/**
 * Starts a server that may be killed and started again, with its data in `folder`, on ports of its own. Whoever
 * starts it ends it. Rejects with NotInstalled where it is not there.
 */
export async function startOwnServer(service: Service, folder: string, chosen?: Ports): Promise<OwnServer> {
  const { signal } = new AbortController();
  const ports = chosen ?? (await freePorts(service.ports));
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
    throw new NotInstalled(
      `${service.name} is not installed: run npm run services -- up ${service.name}, which installs it`,
    );
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

  try {
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    env: service.env(ports),
    pid: () => child?.pid as number,
    start,
    end,
    async ended() {
      if (child && runs()) await once(child, 'close');
    },
    copyData,
  };
}

/** Below the ports that Linux gives to clients: one that calls a server which is away could reach itself there. */
export async function freePorts(wanted: Ports): Promise<Ports> {
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
