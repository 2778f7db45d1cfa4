import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { kafka } from '../../infra/services/kafka.ts';
import { foldersOf } from '../../infra/services/place.ts';
import { runInto } from '../../infra/services/run.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePorts } from './free-ports.ts';

type Place = Parameters<typeof kafka.start>[0];

/** 16 bytes in base64, of no meaning. */
const CLUSTER = 'ZWRnZXdpc2Uta2Fma2EtMQ';

type Own = {
  /** They stand before its own. */
  properties?: (place: Place) => Record<string, unknown>;
  /** Credentials that it knows from its first start on, as its storage tool takes them. */
  scram?: readonly string[];
};

/** A broker that a test may kill; it is gone when the test has finished. Null where none is installed. */
export async function ownBroker({ properties = () => ({}), scram = [] }: Own = {}) {
  const [main, controller] = await freePorts(2);
  const ports = { main: main as number, controller: controller as number };
  const data = await temporaryFolder();
  const { signal } = new AbortController();
  const { installs } = foldersOf(process.env, process.getuid?.());
  const portsOf = (other: { ports: typeof kafka.ports }) => other.ports;
  const place = { ports, installs, data, portsOf, run: runInto(join(data, 'prepare.log'), signal) };
  if (!(await kafka.installed(place))) return null;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const { command, args } = await kafka.start(place);
    const more = Object.entries(properties(place)).map(([name, value]) => `${name}=${value}\n`);
    await appendFile(join(data, 'server.properties'), more.join(''));
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

  /** Makes its storage anew, with the credentials. */
  async function admit(): Promise<void> {
    const { args } = await kafka.start(place);
    const classes = args.slice(args.indexOf('-cp'), args.indexOf('-cp') + 2);
    const settings = join(data, 'server.properties');
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', settings];
    await rm(join(data, 'logs'), { recursive: true });
    await place.run('java', [
      '-Xmx256m',
      ...classes,
      ...format,
      ...scram.flatMap((one) => ['--add-scram', one]),
    ]);
  }

  onTestFinished(kill);
  if (scram.length > 0) await admit();
  await start();
  return { address: `127.0.0.1:${ports.main}`, start, kill };
}
