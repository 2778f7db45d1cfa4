import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { kafka } from '../../infra/services/kafka.ts';
import { foldersOf } from '../../infra/services/place.ts';
import { runInto } from '../../infra/services/run.ts';
import { temporaryFolder } from '../support/folder.ts';

/** A broker that a test may kill; it is gone when the test has finished. Null where none is installed. */
export async function ownBroker() {
  const [main, controller] = await freePorts(2);
  const ports = { main: main as number, controller: controller as number };
  const data = await temporaryFolder();
  const { signal } = new AbortController();
  const { installs } = foldersOf(process.env, process.getuid?.());
  const place = { ports, installs, data, run: runInto(join(data, 'prepare.log'), signal) };
  if (!(await kafka.installed(place))) return null;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const { command, args } = await kafka.start(place);
    child = spawn(command, args, { stdio: 'ignore', cwd: data });
    await vi.waitFor(() => kafka.ready(ports, signal), { timeout: 60_000, interval: 100 });
  }

  /** As a loss of power would, but for what the operating system has not written yet. */
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  onTestFinished(kill);
  await start();
  return { address: `127.0.0.1:${ports.main}`, start, kill };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
