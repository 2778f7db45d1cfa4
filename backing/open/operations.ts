import type { Meter } from '@opentelemetry/api';
import { operationsApp } from '../http/operations.ts';
import { serveApp } from '../http/serve.ts';
import { readSettings, setting } from '../settings.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import type { RoleName } from './port.ts';

const USUAL_PORTS: Readonly<Record<RoleName, number>> = { origin: 9188, gateway: 9189, views: 9190 };

/** Where a process that does these can be asked how it fares. */
export const operationsSettings = ([first = 'origin']: readonly RoleName[]) => ({
  HOST: setting.host,
  OPERATIONS_PORT: setting.port(USUAL_PORTS[first]),
});

/**
 * Opens the metrics of this process, and the port on which it is asked for them and for its health; the stack closes
 * both. It says that it is not ready until `ready` is called, and again once the stack begins to close.
 */
export async function openOperations(
  stack: AsyncDisposableStack,
  names: readonly RoleName[],
): Promise<{ meter: Meter; ready(): void }> {
  const { HOST, OPERATIONS_PORT } = readSettings(operationsSettings(names), process.env);
  const metrics = openMetrics();
  stack.defer(() => metrics.close());
  let isReady = false;
  const app = operationsApp({ ready: () => isReady, metrics });
  const served = await serveApp(app, { hostname: HOST, port: OPERATIONS_PORT });
  stack.defer(() => served.close());
  return {
    meter: metrics.meter,
    ready() {
      isReady = true;
      stack.defer(() => {
        isReady = false;
      });
    },
  };
}
