import { resolve } from 'node:path';
import type { Clock } from '#contract/clock.ts';
import { DEFAULT_DATA, emptyData, openData } from '../folder/data-folder.ts';
import { type Keys, readKeys } from '../folder/keys.ts';
import { readState } from '../folder/state.ts';
import { refuseTaken } from './free-ports.ts';
import { announce } from './running.ts';
import { HOST, type Stack, startStack } from './stack.ts';
import { startWorker } from './worker.ts';
import { workerVars, writeDevVars } from './worker-vars.ts';

type Ports = { edge: number; origin: number; gateway: number };

export type InstanceOptions = {
  data: string;
  /** Empties the folder first. */
  fresh?: boolean;
  /** Whose tokens the Worker is to let in, besides those of the tenants known already. */
  tenant_id: string;
  ports: Ports;
  clock: Clock;
  /** Stands for every tenant's clock in rankings, where given (ms). */
  now_ms?: number | undefined;
};

/** All of Edgewise on one data folder: the stack in this process, and the Worker in workerd before it. */
export type Instance = { keys: Keys; edge_url: string; stack: Stack; close(): Promise<void> };

/** Rejects, and leaves nothing running, where a port is taken or the folder cannot be had. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { data, fresh = false, tenant_id, ports, clock, now_ms } = options;
  const closing = new AsyncDisposableStack();
  try {
    const folder = openData(data);
    closing.defer(() => folder.close());
    const { edge, origin, gateway } = ports;
    await refuseTaken(HOST, { '--port': edge, '--origin-port': origin, '--gateway-port': gateway });
    if (fresh) emptyData(folder);
    const keys = await readKeys(data);
    const stack = await startStack({ folder, keys, clock, ports, now_ms });
    closing.defer(() => stack.close());
    const { origin_url, gateway_url, status_url } = stack;
    const tenants = [...new Set([...readState(data).tenants, tenant_id])];
    const vars = workerVars({ keys, tenants, origin_url, gateway_url });
    const worker = await startWorker({ port: ports.edge, vars });
    closing.defer(() => worker.close());
    closing.defer(announce(data, { status_url, gateway_url, origin_url, edge_url: worker.url, tenants }));
    // Another folder's secrets would open nothing of what wrangler dev finds at the usual ports.
    if (resolve(data) === resolve(DEFAULT_DATA)) writeDevVars('.dev.vars', vars);
    return { keys, edge_url: worker.url, stack, close: () => closing.disposeAsync() };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
