import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { named, SERVICES } from '../../infra/services/all.ts';
import type { Context } from '../../infra/services/context.ts';
import { claim } from '../../infra/services/data.ts';
import { down } from '../../infra/services/down.ts';
import { envText } from '../../infra/services/env.ts';
import { type Identity, identify, lives, parseStat } from '../../infra/services/identity.ts';
import { alone } from '../../infra/services/lock.ts';
import { dataOf, foldersOf, logOf } from '../../infra/services/place.ts';
import { portsOf, portVariable } from '../../infra/services/ports.ts';
import { readRecord, writeRecord } from '../../infra/services/record.ts';
import { runInto } from '../../infra/services/run.ts';
import type { Service } from '../../infra/services/service.ts';
import { statusOf, statusText } from '../../infra/services/status.ts';
import { stop } from '../../infra/services/stop.ts';
import { up } from '../../infra/services/up.ts';
import { temporaryFolder } from '../support/folder.ts';

const { signal } = new AbortController();
const children: { kill(signal: NodeJS.Signals): unknown }[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function running(script: string): Promise<Identity> {
  const program = `${script}\nconsole.log('on')\nsetInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return identify(child.pid ?? 0) ?? expect.fail('It does not run');
}

async function contextIn(environment: Context['environment'] = {}): Promise<Context & { told: string[] }> {
  const folder = await temporaryFolder();
  const folders = { installs: join(folder, 'installs'), data: join(folder, 'data') };
  const told: string[] = [];
  return { folders, environment, signal, told, tell: (name, words) => told.push(`${name} ${words}`) };
}

/** A server of one line of Node, which answers when it has written its file. */
function imagined(context: Context, program: string): Service {
  const sign = join(context.folders.installs, 'sign');
  const service: Service = {
    name: 'imagined',
    about: 'Imagined 1',
    usual: true,
    // The system's reserved port, which can always be bound since it stands for any.
    ports: { main: 0 },
    stopSignal: 'SIGTERM',
    installed: async () => '1',
    install: async () => expect.fail('It is installed'),
    start: async ({ data }) => {
      await mkdir(data, { recursive: true });
      return { command: process.execPath, args: ['-e', `const sign = ${JSON.stringify(sign)};${program}`] };
    },
    ready: async () => void (await readFile(sign)),
    env: () => ({}),
  };
  onTestFinished(() => down(context, service, { fresh: false }));
  return service;
}

const ANSWERS = "require('fs').writeFileSync(sign, ''); setInterval(() => {}, 1000)";

describe('who a process is', () => {
  it('the start time is read right whatever the process calls itself', () => {
    const name = fc.string({ maxLength: 15 });
    fc.assert(
      fc.property(name, fc.nat(), (name, started) => {
        const middle = Array(18).fill('7').join(' ');
        expect(parseStat(`12 (${name}) S ${middle} ${started} 9 9\n`)).toEqual({
          state: 'S',
          started: String(started),
        });
      }),
    );
  });

  it('a process is itself, and no longer once it has ended', async () => {
    const identity = await running('');
    expect(lives(identity)).toBe(true);
    process.kill(identity.pid, 'SIGKILL');
    while (lives(identity)) await sleep(10);
    expect(identify(identity.pid)?.started).not.toBe(identity.started);
  });

  it('one that has ended and was not reaped does not live', async () => {
    const proc = await temporaryFolder();
    await mkdir(join(proc, '12'));
    await mkdir(join(proc, 'sys', 'kernel', 'random'), { recursive: true });
    await writeFile(join(proc, 'sys', 'kernel', 'random', 'boot_id'), 'b\n');
    const stat = (state: string) => `12 (a b) ${state} ${Array(18).fill('7').join(' ')} 34 9`;
    await writeFile(join(proc, '12', 'stat'), stat('S'));
    expect(identify(12, proc)).toEqual({ pid: 12, started: '34', boot: 'b' });
    expect(lives({ pid: 12, started: '34', boot: 'of another day' }, proc)).toBe(false);
    await writeFile(join(proc, '12', 'stat'), stat('Z'));
    expect(identify(12, proc)).toBeNull();
  });
});

describe('stopping', () => {
  it('a process that was given the id of one of ours is never touched', async () => {
    const stranger = await running('');
    for (const ours of [
      { ...stranger, started: '1' },
      { ...stranger, boot: 'another' },
    ]) {
      expect(await stop(ours, 'SIGTERM', 0)).toBe('gone');
    }
    expect(lives(stranger)).toBe(true);
  });

  it('one that ends when asked is not killed', async () => {
    expect(await stop(await running(''), 'SIGTERM')).toBe('stopped');
  });

  it('one that does not listen is killed after the grace', async () => {
    const deaf = await running("process.on('SIGTERM', () => {})");
    expect(await stop(deaf, 'SIGTERM', 100)).toBe('killed');
    expect(lives(deaf)).toBe(false);
  });
});

describe('up and down', () => {
  it('a second up finds what the first has started, and down ends it', async () => {
    const context = await contextIn();
    claim(context.folders);
    const service = imagined(context, ANSWERS);
    await up(context, service, { fresh: false });
    const first = readRecord(context.folders, 'imagined') ?? expect.fail('No record');
    await up(context, service, { fresh: false });
    expect(readRecord(context.folders, 'imagined')).toEqual(first);
    expect(await statusOf(context, service)).toMatchObject({ state: 'ready', pid: first.process.pid });

    await down(context, service, { fresh: false });
    expect(lives(first.process)).toBe(false);
    expect(await statusOf(context, service)).toMatchObject({ state: 'stopped', pid: null });
  });

  it('a server that fails at its start is told with its last words and what to do, and leaves no record', async () => {
    const context = await contextIn();
    claim(context.folders);
    const service = imagined(context, "console.error('no such tablespace'); process.exit(3)");
    await expect(up(context, service, { fresh: false })).rejects.toThrow(
      /ended while it started[\s\S]*no such tablespace[\s\S]*up imagined --fresh/,
    );
    expect(readRecord(context.folders, 'imagined')).toBeNull();
  });

  it('fresh empties the data of that service alone', async () => {
    const context = await contextIn();
    claim(context.folders);
    const service = imagined(context, ANSWERS);
    for (const name of ['imagined', 'other']) {
      await mkdir(dataOf(context.folders, name));
      await writeFile(join(dataOf(context.folders, name), 'row'), '');
    }
    await down(context, service, { fresh: true });
    await expect(readFile(join(dataOf(context.folders, 'imagined'), 'row'))).rejects.toThrow('ENOENT');
    await readFile(join(dataOf(context.folders, 'other'), 'row'));
  });

  it('a server that ended by itself is told, and where its last words are', async () => {
    const context = await contextIn();
    claim(context.folders);
    const service = imagined(context, ANSWERS);
    await up(context, service, { fresh: false });
    const { process: it } = readRecord(context.folders, 'imagined') ?? expect.fail('No record');
    process.kill(it.pid, 'SIGKILL');
    while (lives(it)) await sleep(10);
    expect(await statusOf(context, service)).toMatchObject({ state: 'ended', pid: null });
    await up(context, service, { fresh: false });
    expect(context.told.join()).toContain(`${logOf(context.folders, 'imagined')}.previous`);
    await down(context, service, { fresh: false });
  });

  it('a data folder that holds something else is refused', async () => {
    const context = await contextIn();
    await mkdir(context.folders.data);
    await writeFile(join(context.folders.data, 'thesis'), '');
    expect(() => claim(context.folders)).toThrow('choose an empty folder with --data');
  });

  it('two that do the same work do it one after the other', async () => {
    const folder = await temporaryFolder();
    const order: string[] = [];
    const began = Promise.withResolvers<void>();
    const waits = Promise.withResolvers<void>();
    const lock = { folder, name: 'x', signal };
    const first = alone({ ...lock, waiting: () => {} }, async () => {
      began.resolve();
      await waits.promise;
      order.push('first');
    });
    await began.promise;
    await alone({ ...lock, waiting: waits.resolve }, async () => void order.push('second'));
    await first;
    expect(order).toEqual(['first', 'second']);
  });

  it('a command that fails is told with its last words', async () => {
    const log = join(await temporaryFolder(), 'log');
    const run = runInto(log, signal);
    await expect(run('sh', ['-c', 'echo why >&2; exit 1'])).rejects.toThrow(/sh failed[\s\S]*why/);
    await expect(run('no-such-command', [])).rejects.toThrow('There is no command no-such-command here');
    expect(await run('cat', [], { input: 'told' })).toBe('told');
  });
});

describe('ports, folders and environment', () => {
  it('no two services want the same port, and none is one that the system gives to clients', () => {
    const ports = SERVICES.flatMap((service) => Object.values(service.ports));
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('the environment sets a port, and what is none is refused by name', () => {
    const [kafka] = named(['kafka']);
    if (!kafka) expect.fail();
    expect(portsOf(kafka, { EDGEWISE_KAFKA_CONTROLLER_PORT: '7' })).toEqual({
      ...kafka.ports,
      controller: 7,
    });
    expect(portsOf(kafka, { EDGEWISE_KAFKA_PORT: '' })).toEqual(kafka.ports);
    for (const wrong of ['0', '65536', '12x', '-1', ' 80']) {
      expect(() => portsOf(kafka, { EDGEWISE_KAFKA_PORT: wrong })).toThrow(
        `EDGEWISE_KAFKA_PORT is "${wrong}"`,
      );
    }
  });

  it('without names all the usual ones are meant, each name counts once, and an unknown one is told', () => {
    expect(named([]).map(({ name }) => name)).toEqual([
      'postgres',
      'redis',
      'kafka',
      'neo4j',
      'milvus',
      's3',
      'upstash',
    ]);
    expect(named(['kafka3', 'redis', 'redis']).map(({ name }) => name)).toEqual(['redis', 'kafka3']);
    expect(() => named(['mysql'])).toThrow('There is no service "mysql": choose of postgres');
  });

  it("root's data is where other accounts may enter, unless it was said where", () => {
    expect(foldersOf({}, 0).data).not.toContain(foldersOf({}, 0).installs);
    expect(foldersOf({ EDGEWISE_SERVICES: '/a' }, 0)).toEqual({ installs: '/a', data: '/a/run' });
    expect(foldersOf({ XDG_CACHE_HOME: '/c' }, 1000).data).toBe('/c/edgewise/services/run');
    expect(foldersOf({ EDGEWISE_SERVICES_DATA: '/b' }, 1000).data).toBe('/b');
    expect(foldersOf({ EDGEWISE_SERVICES_DATA: '/b' }, 1000, '/d').data).toBe('/d');
  });

  it('the example environment is what env prints', async () => {
    const example = await readFile('infra/services.env.example', 'utf8');
    const lines = example.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.join('\n')).toBe(envText(await contextIn(), SERVICES));
  });

  it('env tells the ports on which a service runs, and else those that were chosen', async () => {
    const context = await contextIn({ EDGEWISE_REDIS_PORT: '4001' });
    claim(context.folders);
    expect(envText(context, named(['redis']))).toBe('REDIS_URL=redis://127.0.0.1:4001');
    writeRecord(context.folders, 'redis', {
      process: await running(''),
      ports: { main: 4002 },
      version: '7',
    });
    expect(envText(context, named(['redis']))).toBe('REDIS_URL=redis://127.0.0.1:4002');
  });

  it('compose gives every service on the same port, to this machine alone, in a pinned version', async () => {
    const compose = await readFile('infra/compose.yaml', 'utf8');
    for (const { name, ports } of SERVICES) {
      expect(compose).toContain(`127.0.0.1:\${${portVariable(name, 'main')}:-${ports.main}}:`);
    }
    const mappings = compose.match(/(?<=ports: \[|^ {6}- )["']\S+:\d+["']/gm) ?? [];
    expect(mappings.length).toBe(SERVICES.length + 1);
    for (const mapping of mappings) expect(mapping).toContain('127.0.0.1:${EDGEWISE_');
    for (const [, tag] of compose.matchAll(/image: \S+?:(\S+)/g))
      expect(tag).toMatch(/^(v|cpu-)?\d+\.\d+\.?\d*/);
    expect(compose.match(/healthcheck:/g)?.length).toBe(SERVICES.length - 1);
  });
});

it('the status is a table with one line a service', () => {
  const statuses = [
    { name: 'redis', state: 'ready', port: 26379, pid: 12, version: '7.0.15', data: '/d/redis' },
    { name: 'kafka', state: 'not installed', port: 29092, pid: null, version: null, data: '/d/kafka' },
  ] as const;
  expect(statusText(statuses)).toBe(
    [
      'NAME   STATE          PORT   PID  VERSION  DATA',
      'redis  ready          26379  12   7.0.15   /d/redis',
      'kafka  not installed  29092  -    -        /d/kafka',
    ].join('\n'),
  );
});
