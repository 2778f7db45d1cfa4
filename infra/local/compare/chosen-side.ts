import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openPorts } from '#backing/open/open-ports.ts';
import type { Environment } from '#backing/settings.ts';
import { importKeys } from '#contract/signature.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { startGateway, startViews } from '../../../ingest/start.ts';
import { reportFailure } from '../../../ingest/views/run-views.ts';
import { readKeys } from '../folder/keys.ts';
import { HOST } from '../stack/stack.ts';
import { standingOf } from '../stack/standing.ts';
import { apart } from './apart.ts';
import { ARCHIVE_LINGER_MS, type Side } from './side.ts';

/** What the environment chooses, apart from all that was there before; see `apart`. Answers are no view, and stay here. */
export async function chosenSide({
  env,
  name,
  data,
}: {
  env: Environment;
  name: string;
  data: string;
}): Promise<Side> {
  const { chosen, means, parts, remove } = await apart({
    env: { ...env, ANSWERS: 'embedded' },
    name,
    data,
    application: 'edgewise-compare',
  });
  const closing = new AsyncDisposableStack();
  try {
    const keys = await readKeys(data);
    const { log, relational, ...ports } = await openPorts<'gateway' | 'views'>(closing, chosen, means);
    const stores = { ...relational, ...ports.switches, ...ports };
    let paused = false;
    const tell = reportFailure(toStderr);
    const views = await startViews({
      log,
      ...stores,
      archive_linger_ms: ARCHIVE_LINGER_MS,
      onError(failure) {
        paused ||= failure.retry_ms === null;
        tell(failure);
      },
    });
    closing.defer(() => views.close());
    const gateway = await startGateway({
      log,
      keys: await importKeys([keys.gateway]),
      clock: Date.now,
      hostname: HOST,
      port: 0,
    });
    closing.defer(() => gateway.close());
    return {
      name: `${parts.join(', ')}, as ${name}`,
      keys,
      gateway_url: gateway.url,
      stores,
      archived: (signal) => caughtUp(log, groups.archive, viewTopics, signal),
      standing: async (signal) => ({ ...(await standingOf(log, signal)), paused }),
      close: () => closing.disposeAsync(),
      remove,
    };
  } catch (error) {
    await closing.disposeAsync();
    await remove().catch(() => {});
    throw error;
  }
}
