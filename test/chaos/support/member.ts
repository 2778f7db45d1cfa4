import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { type KafkaSettings, kafkaOptionsOf } from '#backing/open/log.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { PortName } from '#backing/open/ports.ts';
import { importKeys } from '#contract/signature.ts';
import { viewTopics } from '#contract/topics.ts';
import { startGateway, startViews } from '../../../ingest/start.ts';
import type { MemberPlan, Settled } from './members.ts';

/**
 * Gateway, views, or both, as a process that is there to be killed. It tells its parent that it is up, and, when
 * asked, that its views have handled all that stands on the log; it ends with its parent.
 */
const { gateway, groups, kafka } = JSON.parse(process.argv[2] as string) as MemberPlan;
const SETTLE_MS = 90_000;
const LINGER_MS = 200;
const VIEW_PORTS: readonly PortName[] = ['relational', 'vectors', 'graph', 'answers', 'embedders', 'archive'];

const stack = new AsyncDisposableStack();
const means = { clock: Date.now, report: toStderr, application: 'edgewise-chaos' };
// As all of them, so that each may have embedded parts of its own: nobody else asks for what those hold.
const roles = ['gateway', 'views', 'origin'] as const;
const wanted: PortName[] = ['log', ...(groups.length > 0 ? VIEW_PORTS : [])];
const chosen = readPorts(roles, {}, process.env, wanted);
if (kafka) chosen.parts.delete('log');
const { relational, ...ports } = await openPorts<'views'>(stack, chosen, means);
const log = kafka
  ? await openKafkaLog({ ...kafkaOptionsOf(chosen.read as unknown as KafkaSettings, means), ...kafka })
  : ports.log;
if (kafka) stack.defer(() => log.close());

if (groups.length > 0) {
  const views = await startViews({
    ...relational,
    ...ports.switches,
    ...ports,
    log,
    groups,
    archive_linger_ms: LINGER_MS,
  });
  stack.defer(() => views.close());
}
if (gateway) {
  const keys = await importKeys([gateway.key]);
  const served = await startGateway({
    log,
    keys,
    clock: Date.now,
    hostname: '127.0.0.1',
    port: gateway.port,
  });
  stack.defer(() => served.close());
}

process.on('message', async () => {
  const signal = AbortSignal.timeout(SETTLE_MS);
  const settling = groups.map((group) => caughtUp(log, group, viewTopics, signal));
  const failed = await Promise.all(settling).then(
    () => null,
    (error) => String(error),
  );
  process.send?.({ failed } satisfies Settled);
});
process.once('SIGTERM', async () => {
  await stack.disposeAsync();
  process.exit(0);
});
process.once('disconnect', () => process.exit(1));
process.send?.('ready');
