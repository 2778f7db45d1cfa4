import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importKeys, type Key } from '#contract/signature.ts';
import { chosenSide } from '../../../infra/local/compare/chosen-side.ts';
import { gatewayClient } from '../../../infra/local/files/gateway-client.ts';
import { linesOf, sendLines } from '../../../infra/local/files/send-lines.ts';
import { simulateTenant } from '../../../infra/local/simulated/tenant.ts';
import { catchUp } from '../../../infra/local/stack/catch-up.ts';
import { Mendable } from '../../../infra/local/terminal/mendable.ts';
import { progressOn } from '../../../infra/local/terminal/progress.ts';

/** The services that an origin asks. */
const NEEDED = ['POSTGRES_URL', 'MILVUS_ADDRESS', 'NEO4J_URL', 'REDIS_URL'];

/**
 * The real services of the environment, filled with a simulated tenant by gateway and views, under names of their own.
 * `environment` leads an origin there. All of it is removed when disposed of.
 */
export async function realSide() {
  const missing = NEEDED.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Mendable(
      `Set ${missing.join(', ')}: set -a; eval "$(npm run -s services -- env)"; set +a (after npm run services -- up)`,
    );
  }
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const data = await mkdtemp(join(tmpdir(), 'edgewise-real-'));
  const closing = new AsyncDisposableStack();
  closing.defer(() => rm(data, { recursive: true, force: true }));
  try {
    const env = { ...process.env, LOG: 'embedded', ARCHIVE: 'embedded' };
    const side = await chosenSide({ env, name, data: join(data, 'side') });
    closing.defer(() => side.remove());
    const tenant_id = name.replace('_', '-');
    const { signal } = new AbortController();
    const simulated = simulateTenant({ seed: 1, now_ms: Date.now() });
    try {
      const [key] = (await importKeys([side.keys.gateway])) as [Key];
      const send = gatewayClient({ url: side.gateway_url, key, tenant_id, clock: Date.now, signal });
      const onSent = ({ refused }: { refused: readonly unknown[] }) => {
        if (refused[0]) throw new Error(`A simulated record was refused: ${JSON.stringify(refused[0])}`);
      };
      await sendLines({ send, route: 'campaigns', lines: linesOf(simulated.campaigns), onSent });
      await sendLines({ send, route: 'events', lines: linesOf(simulated.events), onSent });
      await catchUp({ read: side.standing, progress: progressOn(process.stderr), signal });
    } finally {
      await side.close();
    }
    const people = [
      ...new Set(simulated.events.flatMap(({ type, user_id }) => (type === 'message' ? [user_id] : []))),
    ];
    return {
      name,
      tenant_id,
      /** Everybody who said something. */
      people,
      /** What it was filled with. */
      counts: { campaigns: simulated.campaigns.length, events: simulated.events.length },
      environment: {
        POSTGRES_SCHEMA: name,
        MILVUS_PREFIX: `${name}_`,
        NEO4J_VERSION: name,
        ORIGIN_KEYS: JSON.stringify([side.keys.origin]),
        KEY_PEPPERS: JSON.stringify([side.keys.origin]),
        // Nothing is asked of the log here.
        KAFKA_BROKERS: '',
        PORT: '0',
        OPERATIONS_PORT: '0',
      },
      key: ((await importKeys([side.keys.origin])) as [Key])[0],
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
export type RealSide = Awaited<ReturnType<typeof realSide>>;
