import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FaultProxy } from '../../support/fault-proxy.ts';
import type { Member } from './members.ts';
import type { Fault } from './world.ts';

const run = promisify(execFile);

/** Killed, and started again after up to so long. */
export const killed = (name: string, member: Member, away_ms = 500): Fault => ({
  name,
  async make(random) {
    await member.kill();
    await sleep(random.whole(0, away_ms));
    await member.start();
  },
});

/** Stands still, and goes on as if nothing had been. */
export const stopped = (name: string, member: Member, from_ms: number, to_ms: number): Fault => ({
  name,
  async make(random) {
    member.signal('SIGSTOP');
    try {
      await sleep(random.whole(from_ms, to_ms));
    } finally {
      member.signal('SIGCONT');
    }
  },
});

/** Every connection is broken, several times over. */
export const cut = (name: string, proxy: FaultProxy): Fault => ({
  name,
  async make(random) {
    for (let times = random.whole(1, 5); times > 0; times--) {
      proxy.cut();
      await sleep(random.whole(10, 200));
    }
  },
});

/** Connections stay open for a while in which nothing comes through, then break. */
export const blackHoled = (name: string, proxy: FaultProxy): Fault => ({
  name,
  async make(random) {
    proxy.blackHole();
    await sleep(random.whole(500, 2_000));
    proxy.heal();
  },
});

/** From now on no file of the process takes another byte, as on a full disk; what is given back lets it write again. */
export async function fillDisk(pid: number): Promise<() => Promise<void>> {
  const limit = (bytes: string) => run('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]);
  await limit('1:unlimited');
  return async () => {
    await limit('unlimited:unlimited');
  };
}
