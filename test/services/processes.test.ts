import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { groups, topics } from '#contract/topics.ts';
import { gatewayClient } from '../../infra/local/files/gateway-client.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { fillSimulated } from '../../infra/local/simulated/fill.ts';
import { startWorker } from '../../infra/local/stack/worker.ts';
import { workerVars } from '../../infra/local/stack/worker-vars.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { onServices } from './on-service.ts';
import { newSchema } from './postgres.ts';

const TENANT = 'demo';
const PARTITIONS = 8;
const SOON = { timeout: 10_000, interval: 100 };
const { signal } = new AbortController();

/** A tier as a process of its own. `said` is the line that it prints once it is up. */
async function startTier(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let told = '';
  child.stderr.on('data', (bytes) => {
    told += bytes;
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${args.join(' ')} ended with ${code}: ${told}`);
  });
  ended.catch(() => {});
  const [said] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return { child, said, url: /http:\S+/.exec(said)?.[0] ?? '' };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exited;
  return code as number | null;
}

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Redis', variable: 'REDIS_URL', up: 'redis' },
  ],
  (brokers, postgres_url, milvus, redis) => {
    describe('gateway, views and origin as processes of their own, on the real services', () => {
      test('an event posted at the edge changes that person’s answer within ten seconds', async () => {
        const run = randomUUID().replaceAll('-', '').slice(0, 12);
        const schema = newSchema();
        await migrate({ url: postgres_url, schema }, { direction: 'up' });
        const data = await temporaryFolder();
        const keys = await readKeys(data);
        const prefix = `e2e_${run}_`;
        const env = {
          PORT: '0',
          // Milvus Lite stands in for correctness, not for speed.
          DEPENDENCY_MS: '3000',
          ORIGIN_KEYS: JSON.stringify([keys.origin]),
          GATEWAY_KEYS: JSON.stringify([keys.gateway]),
          POSTGRES_URL: postgres_url,
          POSTGRES_SCHEMA: schema,
          MILVUS_ADDRESS: milvus,
          MILVUS_PREFIX: prefix,
          REDIS_URL: redis,
          KAFKA_BROKERS: brokers,
          KAFKA_PREFIX: prefix,
          KAFKA_PARTITIONS: String(PARTITIONS),
          KAFKA_REPLICAS: '1',
        };
        const gateway = await startTier(['ingest/main.ts', 'gateway'], env);
        const views = await startTier(['ingest/main.ts', 'views'], env);
        const origin = await startTier(['origin/main.ts'], env);

        const [key] = (await importKeys([keys.gateway])) as [Key];
        const send = gatewayClient({ url: gateway.url, key, tenant_id: TENANT, clock: Date.now, signal });
        await fillSimulated({
          data,
          tenant_id: TENANT,
          seed: 1,
          clock: Date.now,
          send,
          progress: noProgress,
        });
        const log = await openKafkaLog({
          brokers: brokers.split(','),
          client_id: 'test',
          prefix,
          topics: { partitions: PARTITIONS, replication_factor: 1, min_insync_replicas: 1 },
          report: toStderr,
        });
        onTestFinished(() => log.close());
        for (const group of Object.values(groups)) {
          await caughtUp(log, group, [topics.events, topics.campaigns], AbortSignal.timeout(120_000));
        }

        const vars = workerVars({
          keys,
          tenants: [TENANT],
          origin_url: origin.url,
          gateway_url: gateway.url,
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

        for (const { child } of [gateway, views, origin]) expect(await stop(child)).toBe(0);
      });

      test('a tier that lacks settings or services says which, names no secret, and exits with 1', async () => {
        const nothing = await startTier(['origin/main.ts'], {
          ORIGIN_KEYS: 'no',
          POSTGRES_URL: '',
          REDIS_URL: '',
        }).catch(String);
        expect(nothing).toMatch(
          /ended with 1: .*The origin cannot start.*ORIGIN_KEYS should be.*POSTGRES_URL should be/s,
        );
        const nowhere = await startTier(['origin/main.ts'], {
          ORIGIN_KEYS: JSON.stringify([{ id: 'k', secret: Buffer.alloc(32, 1).toString('base64url') }]),
          POSTGRES_URL: 'postgres://ada:hush-hush@127.0.0.1:1/none',
          MILVUS_ADDRESS: '127.0.0.1:1',
          REDIS_URL: 'redis://127.0.0.1:1',
        }).catch(String);
        expect(nowhere).toMatch(/ended with 1: .*The origin cannot start.*postgres .*vectors .*answers /s);
        expect(nowhere).not.toContain('hush-hush');
      });
    });
  },
);
