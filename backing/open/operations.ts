import type { Meter } from '@opentelemetry/api';
import { operationsApp } from '../http/operations.ts';
import { toStderr } from '../http/report.ts';
import { serveApp } from '../http/serve.ts';
import { readSettings, setting } from '../settings.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import { noTraces, openTraces, type Traces } from '../telemetry/traces.ts';
import type { RoleName } from './port.ts';

const USUAL_PORTS: Readonly<Record<RoleName, number>> = { origin: 9188, gateway: 9189, views: 9190 };

/** Where a process that does these can be asked how it fares. */
export const operationsSettings = ([first = 'origin']: readonly RoleName[]) => ({
  HOST: setting.host,
  OPERATIONS_PORT: setting.port(USUAL_PORTS[first]),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.otlp_endpoint,
  OTEL_TRACES_SAMPLER_ARG: setting.trace_share,
});

/**
 * Opens the metrics and traces of this process, and the port on which it is asked for metrics and for its health; the stack
 * closes all of it. It says that it is not ready until `ready` is called, and again once the stack begins to close.
 */
export async function openOperations(
  stack: AsyncDisposableStack,
  names: readonly RoleName[],
): Promise<{ meter: Meter; traces: Traces; ready(): void }> {
  const settings = readSettings(operationsSettings(names), process.env);
  const { HOST, OPERATIONS_PORT, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  const metrics = openMetrics();
  stack.defer(() => metrics.close());
  const traces =
    endpoint &&
    openTraces({
      service: ['edgewise', ...names].join('-'),
      ...{ endpoint, share: settings.OTEL_TRACES_SAMPLER_ARG, report: toStderr },
    });
  if (traces) stack.defer(() => traces.close());
  let isReady = false;
  const app = operationsApp({ ready: () => isReady, metrics });
  const served = await serveApp(app, { hostname: HOST, port: OPERATIONS_PORT });
  stack.defer(() => served.close());
  return {
    meter: metrics.meter,
    traces: traces || noTraces,
    ready() {
      isReady = true;
      stack.defer(() => {
        isReady = false;
      });
    },
  };
}
