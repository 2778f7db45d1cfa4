import { FolderInUse } from '#backing/folder.ts';
import type { Clock } from '#contract/clock.ts';
import { openData } from '../folder/data-folder.ts';
import { type Keys, readKeys } from '../folder/keys.ts';
import { findRunning, type Running, standingOfRunning } from './running.ts';
import { startStack } from './stack.ts';
import type { Standing } from './standing.ts';

/** A way into a data folder. */
export type Connection = {
  keys: Keys;
  gateway_url: string;
  /** Empty where no origin was asked for, and none runs. */
  origin_url: string;
  standing(signal: AbortSignal): Promise<Standing>;
  /** The instance that runs on the folder; null where the way in is this process's own. */
  running: Running | null;
  close(): Promise<void>;
};

type ConnectOptions = { data: string; clock: Clock; origin?: boolean };

/**
 * Reaches the instance that runs on a data folder, else opens the folder and runs gateway and views on it, and an
 * origin where one is asked for, until closed. Throws FolderInUse where another process has it that takes nothing in, or Mendable.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { data } = options;
  try {
    return await open(options);
  } catch (error) {
    const running = error instanceof FolderInUse ? await findRunning(data) : null;
    if (!running) throw error;
    return {
      keys: await readKeys(data),
      gateway_url: running.gateway_url,
      origin_url: running.origin_url,
      standing: (signal) => standingOfRunning(running, signal),
      running,
      close: async () => {},
    };
  }
}

async function open({ data, clock, origin = false }: ConnectOptions): Promise<Connection> {
  const folder = openData(data);
  try {
    const keys = await readKeys(data);
    const stack = await startStack({ folder, keys, clock, ports: { gateway: 0, origin: origin ? 0 : null } });
    const { gateway_url, origin_url, standing } = stack;
    const close = async () => {
      await stack.close();
      folder.close();
    };
    return { keys, gateway_url, origin_url, standing, running: null, close };
  } catch (error) {
    folder.close();
    throw error;
  }
}
