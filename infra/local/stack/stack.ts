import { openStores, type Stores } from '#backing/embedded.ts';
import { withLearnt } from '#backing/embedder/embedders.ts';
import { embedderSettings, openEmbedders } from '#backing/embedder/open.ts';
import type { Folder } from '#backing/folder.ts';
import { toStderr } from '#backing/http/report.ts';
import { serveApp } from '#backing/http/serve.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { Log } from '#backing/log/port.ts';
import { openLearnt } from '#backing/open/learnt.ts';
import { servingIn } from '#backing/open/serving-in.ts';
import type { Clock } from '#contract/clock.ts';
import { importKeys } from '#contract/signature.ts';
import { groupOf, viewNames } from '#contract/topics.ts';
import { startGateway, startViews } from '../../../ingest/start.ts';
import { reportFailure } from '../../../ingest/views/run-views.ts';
import { startOrigin } from '../../../origin/start.ts';
import { type Keys, pepperOf } from '../folder/keys.ts';
import { type Standing, standingOf } from './standing.ts';
import { statusApp } from './status.ts';

export const HOST = '127.0.0.1';

export type StackOptions = {
  folder: Folder;
  keys: Keys;
  clock: Clock;
  /** Where to listen; 0 takes any port that is free. Without an origin's, none is started. */
  ports: { gateway: number; origin: number | null };
  /** Stands for every tenant's clock in rankings, where given (ms). */
  now_ms?: number | undefined;
  archive_linger_ms?: number | undefined;
  deletion_settle_ms?: number | undefined;
};

/** Gateway, views and origin on the embedded stores of one folder, in this process. */
export type Stack = {
  gateway_url: string;
  /** Empty where no origin was asked for. */
  origin_url: string;
  /** Where other processes can see that it lives, and how far the views are. */
  status_url: string;
  log: Log;
  stores: Stores;
  standing(signal: AbortSignal): Promise<Standing>;
  /** Learns now what a tenant's people do alike, so that the next answer lacks nothing. */
  relearn(tenant_id: string): Promise<void>;
  /** Ends what is at hand, first what asks, then what is asked. The folder stays open. */
  close(): Promise<void>;
};

/** Starts the stack. Rejects, and leaves nothing running, where a port is taken or a store cannot be opened. */
export async function startStack({
  folder,
  keys,
  clock,
  ports,
  now_ms,
  archive_linger_ms,
  deletion_settle_ms,
}: StackOptions): Promise<Stack> {
  const closing = new AsyncDisposableStack();
  try {
    const serving = await servingIn(folder);
    const stores = openStores({ path: folder.path, clock, serving });
    closing.defer(() => stores.close());
    const log = openLog({ file: folder.path('log.db'), clock, forget: { report: toStderr } });
    closing.defer(() => log.close());
    const configured = await openEmbedders(embedderSettings(process.env), toStderr);
    closing.defer(() => configured.close());
    const learnt = await openLearnt(folder.path('learnt'), toStderr);
    closing.defer(() => learnt.close());
    const embedders = withLearnt(configured, learnt);

    let paused = false;
    const tell = reportFailure(toStderr);
    const views = await startViews({
      log,
      ...stores,
      embedders,
      archive_linger_ms,
      deletion_settle_ms,
      serving,
      clock,
      onError(failure) {
        paused ||= failure.retry_ms === null;
        tell(failure);
      },
    });
    closing.defer(() => views.close());
    const standing = async (signal: AbortSignal) => ({ ...(await standingOf(log, signal, serving)), paused });
    const status = await serveApp(statusApp(standing), { hostname: HOST, port: 0 });
    closing.defer(() => status.close());
    const gateway = await startGateway({
      log,
      keys: await importKeys([keys.gateway]),
      clock,
      hostname: HOST,
      port: ports.gateway,
    });
    closing.defer(() => gateway.close());
    let origin_url = '';
    let relearn: Stack['relearn'] = async () => {};
    if (ports.origin !== null) {
      const origin = await startOrigin({
        ...stores,
        embedders,
        log,
        groups: () => viewNames.map((view) => groupOf(view, serving[view])),
        keys: await importKeys([keys.origin]),
        clock,
        now_ms,
        hostname: HOST,
        port: ports.origin,
        control: { apiKeys: stores.apiKeys, peppers: await importKeys([pepperOf(keys)]) },
      });
      closing.defer(() => origin.close());
      origin_url = origin.url;
      relearn = origin.relearn;
    }

    const close = () => closing.disposeAsync();
    const urls = { gateway_url: gateway.url, origin_url, status_url: status.url };
    return { ...urls, log, stores, standing, relearn, close };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
