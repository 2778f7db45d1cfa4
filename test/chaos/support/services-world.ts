import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { groups } from '#contract/topics.ts';
import { migrate } from '../../../infra/run-migrations.ts';
import { kafka } from '../../../infra/services/kafka.ts';
import { postgres } from '../../../infra/services/postgres.ts';
import type { Service } from '../../../infra/services/service.ts';
import { faultProxy } from '../../support/fault-proxy.ts';
import { freePorts, type OwnServer, startOwnServer } from '../../support/own-server.ts';
import { blackHoled, cut, fillDisk, killed, stopped } from './faults.ts';
import { type MemberPlan, startMember } from './members.ts';
import { openWritten } from './read.ts';
import { newKey } from './signing.ts';
import type { Fault, World } from './world.ts';

const HOST = '127.0.0.1';
const SCHEMA = 'edgewise';
/** Short, so that a round need not wait for long until a killed consumer's partitions go to another. */
const SESSION_MS = 3_000;
const KAFKA = { session_timeout_ms: SESSION_MS, heartbeat_ms: 500, delivery_timeout_ms: 4_000 };

/** It is started often, and has little to do. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A broker that says it listens at the proxy before it, and that allows sessions this short. */
function behindProxy(proxy_port: number): Service {
  return {
    ...kafka,
    async start(place) {
      const launch = await kafka.start(place);
      const file = join(place.data, 'server.properties');
      const lines = (await readFile(file, 'utf8'))
        .split('\n')
        .filter((line) => !line.startsWith('advertised.'));
      const own = [
        `advertised.listeners=PLAINTEXT://${HOST}:${proxy_port}`,
        `group.min.session.timeout.ms=${SESSION_MS}`,
        // One that was killed is let in again only once the controller has given up on it.
        'broker.session.timeout.ms=2000',
        'broker.heartbeat.interval.ms=500',
      ];
      await writeFile(file, [...own, ...lines].join('\n'));
      return { ...launch, args: [...QUICK_START, ...launch.args.filter((one) => one !== '-XX:+UseG1GC')] };
    },
  };
}

const serverKilled = (name: string, server: OwnServer): Fault => ({
  name,
  async make() {
    await server.end();
    await server.start();
  },
});

/** A broker whose only folder takes no more halts; with room again it is started again. */
const brokerFull = (server: OwnServer): Fault => ({
  name: "disk of the broker's log full",
  async make() {
    await fillDisk(server.pid());
    await server.ended();
    await server.start();
  },
});

/**
 * Gateway and consumers as processes on a Kafka and a PostgreSQL of their own, each reached through a proxy. Counters
 * have two processes, which can take each other's partitions; vectors, graph and archive are embedded in a third.
 */
export async function servicesWorld(): Promise<World> {
  const closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-chaos-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const proxied = async (port: number) => {
    const proxy = await faultProxy({ host: HOST, port });
    closing.defer(() => proxy.close());
    return proxy;
  };
  try {
    const [kafkaPorts, postgresPorts] = [await freePorts(kafka.ports), await freePorts(postgres.ports)];
    const [toKafka, toPostgres] = [await proxied(kafkaPorts.main), await proxied(postgresPorts.main)];
    const broker = await startOwnServer(behindProxy(toKafka.port), folder, kafkaPorts);
    closing.defer(() => broker.end());
    const store = await startOwnServer(postgres, folder, postgresPorts);
    // In order, since a killed one leaves shared memory behind that only its next start would take away.
    closing.defer(() => store.end(postgres.stopSignal));
    const { POSTGRES_URL: direct = '' } = store.env;
    await migrate({ url: direct, schema: SCHEMA }, { direction: 'up' });

    const { LOG: _, RELATIONAL: __, ...embedded } = ALL_EMBEDDED;
    const env = (name: string) => ({
      ...embedded,
      EMBEDDER: 'hashing',
      DATA: join(folder, name),
      KAFKA_BROKERS: `${HOST}:${toKafka.port}`,
      KAFKA_PARTITIONS: '8',
      KAFKA_REPLICAS: '1',
      POSTGRES_URL: direct.replace(`:${postgresPorts.main}/`, `:${toPostgres.port}/`),
      POSTGRES_SCHEMA: SCHEMA,
    });
    const key = newKey();
    const { main: port } = await freePorts({ main: 0 });
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    const left = new Set<Awaited<ReturnType<typeof startMember>>>();
    const member = async (name: string, plan: Omit<MemberPlan, 'kafka'>) => {
      const started = await startMember(name, { ...plan, kafka: KAFKA }, env(name), broken.reject);
      left.add(started);
      closing.defer(async () => {
        if (left.delete(started)) await started.kill();
      });
      return started;
    };
    const gateway = await member('gateway', { gateway: { port, key }, groups: [] });
    const one = await member('counters-1', { gateway: null, groups: [groups.counters] });
    const two = await member('counters-2', { gateway: null, groups: [groups.counters] });
    const others = [groups.embeddings, groups.graph, groups.archive];
    const rest = await member('others', { gateway: null, groups: others });
    const front = await proxied(port);

    const past = [SESSION_MS + 500, SESSION_MS + 2_000] as const;
    return {
      name: `Kafka and PostgreSQL of its own, ${left.size} processes`,
      gateway_url: `http://${HOST}:${front.port}`,
      key,
      faults: [
        killed('gateway killed', gateway),
        killed('consumer of counters killed', one),
        killed('other consumers killed', rest),
        serverKilled('broker killed', broker),
        serverKilled('store killed', store),
        stopped('consumer stopped past its session', two, ...past),
        cut('connections to the gateway cut', front),
        cut('connections to the broker cut', toKafka),
        cut('connections to the store cut', toPostgres),
        blackHoled('broker black-holed', toKafka),
        brokerFull(broker),
      ],
      async settle() {
        await Promise.all([one.settle(), rest.settle()]);
      },
      broken: broken.promise,
      async read() {
        for (const process_ of left) {
          left.delete(process_);
          await process_.stop();
        }
        return await openWritten({ ...env('others'), POSTGRES_URL: direct }, closing);
      },
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}
