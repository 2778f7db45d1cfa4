import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { groups } from '#contract/topics.ts';
import { foldersOf } from '../../infra/services/place.ts';
import { readRecord } from '../../infra/services/record.ts';
import { type Environment, startChild } from './support/child.ts';
import { bodiesOf, conversation } from './support/conversation.ts';
import { processorTime } from './support/processor-time.ts';
import { type BenchOptions, report } from './support/report.ts';

const WRITERS = 16;
const BATCHES = [100, 1000];
/** How many events are written for each second that a measurement is to take. */
const EVENTS_PER_S = 20_000;
const TENANT = 'bench';
const key = { id: 'bench', secret: Buffer.alloc(32, 7).toString('base64url') };

type Raw = { per_s: number; cpu_us: number };
type CaughtUp = { events: number; per_s: number; cpu_us: number };

const child = (file: string) => new URL(`./support/${file}`, import.meta.url);

/** Posts bodies, so many at a time, each signed as the edge signs it. */
async function write(url: URL, bodies: readonly Buffer<ArrayBuffer>[], signing: Key) {
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS });
  const histogram = createHistogram({ figures: 3 });
  let [at, errors] = [0, 0];
  const post = async (body: Buffer<ArrayBuffer>) => {
    const caller = { tenant_id: TENANT, subject: null, scopes: ['events:write' as const] };
    const signed = await sign(
      { method: 'POST', url, caller, deadline_ms: 60_000, body },
      signing,
      Date.now(),
    );
    const headers = {
      ...Object.fromEntries(signed),
      'content-type': 'application/x-ndjson',
      'content-length': body.byteLength,
    };
    return new Promise<number>((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent, headers }, (response) => {
        response.on('error', reject);
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
  const writer = async () => {
    for (let body = bodies[at++]; body; body = bodies[at++]) {
      const begun = process.hrtime.bigint();
      const status = await post(body).catch(() => 0);
      histogram.record(process.hrtime.bigint() - begun);
      if (status !== 202) errors++;
    }
  };
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const took_s = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  agent.destroy();
  const ms = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return { took_s, errors, p50_ms: ms(50), p99_ms: ms(99), cpu_us: user + system };
}

/** The broker's process, where it is one of `npm run services`. */
function brokerPid(brokers: string | undefined): number | null {
  const kafka = readRecord(foldersOf(process.env, process.getuid?.()), 'kafka');
  return kafka && brokers?.endsWith(`:${kafka.ports.main}`) ? kafka.process.pid : null;
}

async function measure(log: string, environment: Environment, options: BenchOptions) {
  const [signing] = (await importKeys([key])) as [Key];
  const total = Math.round(EVENTS_PER_S * options.seconds);
  const brokers = environment['KAFKA_BROKERS'];
  const broker = log === 'Kafka' ? brokerPid(brokers) : null;
  const accepting: Record<string, unknown>[] = [];
  for (const batch of BATCHES) {
    const bodies = bodiesOf(conversation(`b${batch}`, total), batch);
    const raw =
      log === 'Kafka'
        ? await startChild<Raw>(child('raw-producer.ts'), {
            args: [brokers?.split(',')[0], `bench-${randomUUID()}`, batch, WRITERS, total].map(String),
          })
        : null;
    const gateway = await startChild(child('gateway-server.ts'), {
      args: [JSON.stringify(key)],
      environment,
    });
    try {
      const url = new URL('/v1/events', gateway.ready);
      const [before, broker_before] = [await gateway.usage(), processorTime(broker)];
      const written = await write(url, bodies, signing);
      const [after, broker_after] = [await gateway.usage(), processorTime(broker)];
      const per_s = total / written.took_s;
      const MIB = 1024 * 1024;
      accepting.push({
        log,
        batch,
        'events/s': per_s,
        errors: written.errors,
        p50_ms: written.p50_ms,
        p99_ms: written.p99_ms,
        'of raw kafkajs': raw && per_s / raw.ready.per_s,
        'MiB at start': before.rss_bytes / MIB,
        'at end': after.rss_bytes / MIB,
        'CPU µs/event: gateway': (after.cpu_us - before.cpu_us) / total,
        generator: written.cpu_us / total,
        broker:
          broker_before !== null && broker_after !== null
            ? ((broker_after - broker_before) * 1e6) / total
            : null,
        'raw kafkajs': raw?.ready.cpu_us,
      });
      if (written.errors > 0)
        throw new Error(`${written.errors} of the batches of ${batch} were not accepted`);
    } finally {
      await gateway.stop();
    }
  }
  const catching: Record<string, unknown>[] = [];
  for (const view of Object.values(groups)) {
    const { ready } = await startChild<CaughtUp>(child('view-runner.ts'), { args: [view], environment });
    catching.push({
      log,
      view,
      events: ready.events,
      'events/s': ready.per_s,
      'CPU µs/event': ready.cpu_us,
    });
  }
  return { accepting, catching };
}

/**
 * Writing events: 16 writers post batches to a gateway in a process of its own, in front of an embedded log and of
 * Kafka, where a bare kafkajs producer sends the same in the same run; then each view catches up, one after the
 * other, in a process of its own, with the embedded stores, or with the services.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  try {
    const embedded = ['LOG', 'RELATIONAL', 'VECTORS', 'ANSWERS', 'GRAPH', 'ARCHIVE'];
    const environment = { ...Object.fromEntries(embedded.map((name) => [name, 'embedded'])), DATA: folder };
    const measured = [await measure('embedded', environment, options)];
    const rows = (which: 'accepting' | 'catching') => measured.flatMap((one) => one[which]);
    await report('ingest', { accepting: rows('accepting'), 'catching up': rows('catching') }, options);
  } finally {
    await rm(folder, { recursive: true });
  }
}
