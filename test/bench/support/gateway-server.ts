import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { importKeys, type SigningKey } from '#contract/signature.ts';
import { startGateway } from '../../../ingest/start.ts';
import { tellParent } from './child.ts';
import { ROLES } from './ingest-roles.ts';

/** A gateway in front of the log that the environment chooses. */
const [key] = process.argv.slice(2) as [string];

const stack = new AsyncDisposableStack();
const clock = Date.now;
const means = { clock, report: toStderr, application: 'edgewise-bench' };
const { log } = await openPorts<'gateway'>(stack, readPorts(ROLES.log, {}, process.env), means);
const keys = await importKeys([JSON.parse(key) as SigningKey]);
const gateway = await startGateway({ log, keys, clock, hostname: '127.0.0.1', port: 0 });
stack.defer(() => gateway.close());
tellParent(gateway.url);
process.on('SIGTERM', async () => {
  await stack.disposeAsync();
  process.exit(0);
});
