import { importKeys, type SigningKey } from '#contract/signature.ts';
import { startGateway } from '../../../ingest/start.ts';
import { tellParent } from './child.ts';
import { EVERY_ROLE, openedPorts } from './opened-ports.ts';

/** A gateway in front of the log that the environment chooses. */
const [key] = process.argv.slice(2) as [string];

const stack = new AsyncDisposableStack();
const clock = Date.now;
const { log } = await openedPorts<'gateway'>(stack, EVERY_ROLE, ['log']);
const keys = await importKeys([JSON.parse(key) as SigningKey]);
const gateway = await startGateway({ log, keys, clock, hostname: '127.0.0.1', port: 0 });
stack.defer(() => gateway.close());
tellParent(gateway.url);
process.on('SIGTERM', async () => {
  await stack.disposeAsync();
  process.exit(0);
});
