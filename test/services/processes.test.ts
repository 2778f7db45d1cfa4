import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { answeringGroups, topics } from '#contract/topics.ts';
import { gatewayClient } from '../../infra/local/files/gateway-client.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { fillSimulated } from '../../infra/local/simulated/fill.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { stopTier } from '../support/tier.ts';
import { onServices } from './on-service.ts';
import { ALL_SERVICES, PARTITIONS, startRealTiers } from './real-tiers.ts';

const TENANT = 'demo';
const LATER = { timeout: 120_000, interval: 500 };
const SOON = { timeout: 10_000, interval: 100 };
const { signal } = new AbortController();
onServices(ALL_SERVICES, (...addresses) => {
  const [brokers = ''] = addresses;
  describe('gateway, views and origin as processes, on the real services', () => {
    test.each([
      {
        parts: 'each on its own',
        processes: [['ingest/main.ts', 'gateway'], ['ingest/main.ts', 'views'], ['origin/main.ts']],
        chosen: {},
      },
      {
        parts: 'views and origin as one, with embedded vectors and answers',
        processes: [
          ['ingest/main.ts', 'gateway'],
          ['infra/local/main.ts', 'views', 'origin'],
        ],
        chosen: { VECTORS: 'embedded', ANSWERS: 'embedded' },
      },
      {
        parts: 'gateway and views as one, with an embedded log',
        processes: [['ingest/main.ts', 'gateway', 'views'], ['origin/main.ts']],
        chosen: { LOG: 'embedded' },
      },
    ])(
      'an event posted at the edge changes that person’s answer within ten seconds: $parts',
      async ({ processes, chosen }) => {
        const { tiers, urlOf, keys, data, prefix } = await startRealTiers(
          addresses,
          processes.map((args) => ({ args, env: chosen })),
        );

        const [key] = (await importKeys([keys.gateway])) as [Key];
        const send = gatewayClient({
          url: urlOf('gateway'),
          key,
          tenant_id: TENANT,
          clock: Date.now,
          signal,
        });
        await fillSimulated({
          data,
          tenant_id: TENANT,
          seed: 1,
          clock: Date.now,
          send,
          progress: noProgress,
        });
        const vars = workerVars({
          keys,
          tenants: [TENANT],
          origin_url: urlOf('origin'),
          gateway_url: urlOf('gateway'),
        });
        const worker = await startWorker({ port: 0, vars });
        onTestFinished(() => worker.close());
        const token = await signToken({
          keys,
          tenant_id: TENANT,
          user_id: 'ada',
          scopes: ['recommendations:read', 'events:write'],
          lifetime_s: 3600,
          now_ms: Date.now(),
        });
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
        const ask = () => fetch(new URL('/v1/users/ada/recommendations', worker.url), { headers });
        const idsOf = async (response: Response) => {
          const { items, degraded } = (await response.json()) as Recommendations;
          expect(degraded).toEqual([]);
          return items.map(({ campaign_id }) => campaign_id);
        };

        // Nobody else can ask an embedded log.
        if (!('LOG' in chosen)) {
          const log = await openKafkaLog({
            brokers: brokers.split(','),
            client_id: 'test',
            prefix,
            topics: { partitions: PARTITIONS, replication_factor: 1, min_insync_replicas: 1 },
            report: toStderr,
          });
          onTestFinished(() => log.close());
          for (const group of answeringGroups) {
            await caughtUp(log, group, [topics.events, topics.campaigns], AbortSignal.timeout(120_000));
          }
        }
        await vi.waitFor(async () => {
          expect(await idsOf(await ask())).toHaveLength(10);
          expect((await ask()).headers.get('Cache-Status')).toMatch(/^edgewise; hit/);
        }, LATER);

        const first = await ask();
        expect(first.status).toBe(200);
        const [met = '', ...rest] = await idsOf(first);
        expect(rest).toHaveLength(9);
        expect((await ask()).headers.get('Cache-Status')).toMatch(/^edgewise; hit/);

        const click = { type: 'click', message_id: 'e2e', user_id: 'ada', campaign_id: met };
        const events = [{ ...click, occurred_at: new Date().toISOString() }];
        const posted = await fetch(new URL('/v1/events', worker.url), {
          method: 'POST',
          headers,
          body: JSON.stringify({ events }),
        });
        expect(posted.status).toBe(202);
        await vi.waitFor(async () => expect(await idsOf(await ask())).not.toContain(met), SOON);

        for (const { child } of tiers) expect(await stopTier(child)).toBe(0);
      },
    );
  });
});
