import { chownSync, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { Mendable } from '../local/terminal/mendable.ts';
import type { Account } from './account.ts';
import { aptInstall } from './apt.ts';
import { giveTo } from './give-to.ts';
import type { Place } from './place.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const SERVER = join(BIN, 'postgres');
const [USER, PASSWORD, DATABASE] = ['edgewise', 'edgewise', 'edgewise'];

const urlOf = (port: number) => `postgres://${USER}:${PASSWORD}@${HOST}:${port}/${DATABASE}`;

/** Debian's PostgreSQL 15 with a cluster of its own. What it has committed is on the disk. */
export const postgres: Service = {
  name: 'postgres',
  about: 'PostgreSQL 15',
  usual: true,
  ports: { main: 25432 },
  // The "fast" shutdown: SIGTERM would wait for the last client to leave.
  stopSignal: 'SIGINT',

  async installed({ run }) {
    if (!existsSync(SERVER)) return null;
    return /\d+\.\d+/.exec(await run(SERVER, ['--version']))?.[0] ?? null;
  },

  async install(place) {
    await aptInstall(place, ['postgresql-15']);
  },

  async start(place) {
    const as = await account(place);
    refuseUnreachable(place.data, as);
    if (!existsSync(join(place.data, 'made'))) await makeCluster(place, as);
    const settings = {
      listen_addresses: HOST,
      port: place.ports.main,
      unix_socket_directories: '',
      max_connections: 200,
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return { command: SERVER, args: ['-D', join(place.data, 'cluster'), ...args], ...(as && { as }) };
  },

  async ready({ main }, signal) {
    const client = new Client({
      connectionString: urlOf(main),
      connectionTimeoutMillis: 2_000,
      query_timeout: 2_000,
    });
    client.on('error', () => {});
    const end = () => void client.end().catch(() => {});
    signal.addEventListener('abort', end, { once: true });
    try {
      await client.connect();
      await client.query('SELECT 1');
    } finally {
      signal.removeEventListener('abort', end);
      await client.end();
    }
  },

  env: ({ main }) => ({ POSTGRES_URL: urlOf(main) }),
};

/** A cluster with its user and database; it counts as made only when all that is done. */
async function makeCluster({ data, run }: Place, as: Account | undefined): Promise<void> {
  const making = join(data, 'cluster');
  const options = as ? { as } : {};
  giveTo(data, as);
  await run('rm', ['-rf', making], options);
  const encoding = ['-E', 'UTF8', '--locale=C.UTF-8'];
  const password = join(data, 'password');
  writeFileSync(password, PASSWORD);
  const access = ['-A', 'scram-sha-256', `--pwfile=${password}`];
  if (as) chownSync(password, as.uid, as.gid);
  await run(join(BIN, 'initdb'), ['-D', making, '-U', USER, ...encoding, ...access], options);
  rmSync(password);
  // Alone and without a network, so that nobody ever sees it half made.
  await run(SERVER, ['--single', '-D', making, 'template1'], {
    ...options,
    input: `CREATE DATABASE ${DATABASE};\n`,
  });
  mkdirSync(join(data, 'made'));
}

/** PostgreSQL refuses to be root; Debian's package brings an account for it. */
async function account({ run }: Place): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = [await run('id', ['-u', 'postgres']), await run('id', ['-g', 'postgres'])];
  return { uid: Number(uid), gid: Number(gid) };
}

const OTHERS_MAY_PASS = 0o001;

function refuseUnreachable(data: string, as: Account | undefined): void {
  if (!as) return;
  for (let folder = dirname(data); folder !== dirname(folder); folder = dirname(folder)) {
    const { mode, uid } = lstatSync(folder);
    if (uid === as.uid || mode & OTHERS_MAY_PASS) continue;
    throw new Mendable(
      `PostgreSQL runs as the user postgres, who may not enter ${folder}: choose another data folder with --data`,
    );
  }
}
