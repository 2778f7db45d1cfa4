import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Measured, Meter } from './meter.ts';
import type { Operation, StoreBench } from './store-bench.ts';

type Asked = { operation: string; calls: number; clients: number };
type Answered = { measured: Measured } | { failed: string };
type Sides = 'adapter' | 'raw';

/** One side of a store, in a process of its own, so that nothing else counts as its use of the processor. */
export async function startSide(file: string, which: Sides, place: unknown) {
  const child = fork(fileURLToPath(import.meta.url), [file, which, JSON.stringify(place)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${which} of ${file} ended with ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([once(child, 'message'), ended]);
  return {
    async turn({ name, clients }: Operation, calls: number): Promise<Measured> {
      child.send({ operation: name, calls, clients } satisfies Asked);
      const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answered];
      if ('failed' in answer) throw new Error(`${which} of ${file}, ${name}: ${answer.failed}`);
      return answer.measured;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
export type RunningSide = Awaited<ReturnType<typeof startSide>>;

/** The child: does what it is asked until the parent lets go of it. */
async function serve(file: string, which: Sides, place: string): Promise<void> {
  const { store } = (await import(file)) as { store: StoreBench };
  const side = await store[which](JSON.parse(place) as never);
  process.on('message', async ({ operation, ...turn }: Asked) => {
    const meter = new Meter();
    const answer: Answered = await (side.work[operation] ?? unknown)({ ...turn, meter }).then(
      () => ({ measured: meter.end() }),
      (error) => ({ failed: String(error) }),
    );
    process.send?.(answer);
  });
  process.on('disconnect', async () => {
    await side.close();
    process.exit(0);
  });
  process.send?.('ready');
}

async function unknown(): Promise<void> {
  throw new Error('It does no such operation');
}

const [, self, file, which, place] = process.argv as [string, string, string, Sides, string];
if (self === fileURLToPath(import.meta.url)) await serve(file, which, place);
