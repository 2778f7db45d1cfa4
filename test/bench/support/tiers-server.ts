import { toStderr } from '#backing/http/report.ts';
import type { RoleName } from '#backing/open/port.ts';
import { importKeys, type SigningKey } from '#contract/signature.ts';
import { startGateway, startViews } from '../../../ingest/start.ts';
import { startOrigin } from '../../../origin/start.ts';
import { tellParent } from './child.ts';
import { openedPorts } from './opened-ports.ts';

/** Gateway, views, origin, or several of them as one process, on what the environment chooses. */
const [key, ...roles] = process.argv.slice(2) as [string, ...RoleName[]];

const stack = new AsyncDisposableStack();
const { relational, log, ...ports } = await openedPorts<RoleName>(stack, roles);
const keys = await importKeys([JSON.parse(key) as SigningKey]);
const served = { clock: Date.now, report: toStderr, keys, hostname: '127.0.0.1', port: 0 };
const urls: Partial<Record<RoleName, string>> = {};
if (roles.includes('gateway')) {
  const gateway = await startGateway({ ...served, log });
  stack.defer(() => gateway.close());
  urls.gateway = gateway.url;
}
if (roles.includes('views')) {
  const views = await startViews({ ...relational, ...ports.switches, ...ports, log });
  stack.defer(() => views.close());
}
if (roles.includes('origin')) {
  const origin = await startOrigin({ ...relational, ...ports.switches, ...ports, ...served });
  stack.defer(() => origin.close());
  urls.origin = origin.url;
}
tellParent(urls);
process.on('SIGTERM', async () => {
  await stack.disposeAsync();
  process.exit(0);
});
