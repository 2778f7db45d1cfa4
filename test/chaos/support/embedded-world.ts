import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { groups } from '#contract/topics.ts';
import { faultProxy } from '../../support/fault-proxy.ts';
import { freePorts } from '../../support/own-server.ts';
import { blackHoled, cut, fillDisk, killed, stopped } from './faults.ts';
import { startMember } from './members.ts';
import { openWritten } from './read.ts';
import { newKey } from './signing.ts';
import type { Fault, World } from './world.ts';

/** Everything embedded, in one process and one folder. */
export async function embeddedWorld(): Promise<World> {
  const closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-chaos-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  try {
    const env = { ...ALL_EMBEDDED, EMBEDDER: 'hashing', DATA: join(folder, 'data') };
    const key = newKey();
    const { main: port } = await freePorts({ main: 0 });
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    const plan = { gateway: { port, key }, groups: Object.values(groups), kafka: null };
    const process_ = await startMember('the process', plan, env, broken.reject);
    let isStopped = false;
    closing.defer(async () => {
      if (!isStopped) await process_.kill();
    });
    const proxy = await faultProxy({ host: '127.0.0.1', port });
    closing.defer(() => proxy.close());
    const full: Fault = {
      name: 'disk full',
      async make(random) {
        const free = await fillDisk(process_.pid());
        await sleep(random.whole(200, 1_500));
        await free();
      },
    };
    return {
      name: 'one process on embedded parts',
      gateway_url: `http://127.0.0.1:${proxy.port}`,
      key,
      faults: [
        killed('process killed', process_),
        stopped('process stopped', process_, 500, 2_000),
        cut('connections to the gateway cut', proxy),
        blackHoled('gateway black-holed', proxy),
        full,
      ],
      settle: () => process_.settle(),
      broken: broken.promise,
      async read() {
        isStopped = true;
        await process_.stop();
        return await openWritten(env, closing);
      },
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
