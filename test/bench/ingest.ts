import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { importKeys, type Key } from '#contract/signature.ts';
import { groups } from '#contract/topics.ts';
import { startChild } from './support/child.ts';
import { bodiesOf, conversation } from './support/conversation.ts';
import { type IngestPlace, ingestPlaces } from './support/ingest-places.ts';
import { processorTime } from './support/processor-time.ts';
import { type BenchOptions, report } from './support/report.ts';
import { signedClient } from './support/signed-client.ts';

const WRITERS = 16;
const BATCHES = [100, 1000];
/** How many events are written for each second that a measurement is to take. */
const EVENTS_PER_S = 20_000;
/** What a view has at the most until it is told how far it got. */
const CATCH_UP_S = 20;
const GOALS = { accepted_per_s: 20_000, of_raw: 0.5, counters_per_s: 10_000 };
const MIB = 1024 * 1024;
const key = { id: 'bench', secret: Buffer.alloc(32, 7).toString('base64url') };

type Raw = { per_s: number; cpu_us: number };
type CaughtUp = { events: number; of: number; per_s: number; cpu_us: number };

const child = (file: string) => new URL(`./support/${file}`, import.meta.url);

/** Posts bodies, so many at a time, each signed as the edge signs it. */
async function write(url: URL, tenant_id: string, bodies: readonly Buffer<ArrayBuffer>[], signing: Key) {
  const client = signedClient(tenant_id, signing, WRITERS);
  const histogram = createHistogram({ figures: 3 });
  let [at, errors, refused] = [0, 0, ''];
  const common = { method: 'POST', url, subject: null, scope: 'events:write' } as const;
  const writer = async () => {
    for (let body = bodies[at++]; body; body = bodies[at++]) {
      const begun = process.hrtime.bigint();
      await client.ask({ ...common, body, content_type: 'application/x-ndjson' }).catch((error) => {
        errors++;
        refused ||= String(error);
      });
      histogram.record(process.hrtime.bigint() - begun);
    }
  };
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const took_s = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  client.close();
  const ms = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return { took_s, errors, refused, p50_ms: ms(50), p99_ms: ms(99), cpu_us: user + system };
}

async function accept(place: IngestPlace, batch: number, total: number): Promise<Record<string, unknown>> {
  const [signing] = (await importKeys([key])) as [Key];
  const { environment, brokers, broker_pid, tenant_id } = place;
  const bodies = bodiesOf(conversation(`b${batch}`, total), batch);
  const [broker] = brokers?.split(',') ?? [];
  const raw = broker
    ? await startChild<Raw>(child('raw-producer.ts'), {
        args: [broker, `${tenant_id}_raw`, batch, WRITERS, total].map(String),
      })
    : null;
  const gateway = await startChild(child('gateway-server.ts'), { args: [JSON.stringify(key)], environment });
  try {
    const url = new URL('/v1/events', gateway.ready);
    const [before, broker_before] = [await gateway.usage(), processorTime(broker_pid)];
    const { took_s, errors, refused, p50_ms, p99_ms, cpu_us } = await write(url, tenant_id, bodies, signing);
    const [after, broker_after] = [await gateway.usage(), processorTime(broker_pid)];
    if (errors > 0) throw new Error(`${errors} of the batches of ${batch} were not accepted: ${refused}`);
    const [per_s, broker_s] = [total / took_s, (broker_after ?? Number.NaN) - (broker_before ?? Number.NaN)];
    return {
      log: place.log,
      batch,
      'events/s': per_s,
      errors,
      p50_ms,
      p99_ms,
      ...(raw && { 'of raw kafkajs': per_s / raw.ready.per_s }),
      'MiB at start': before.rss_bytes / MIB,
      'at end': after.rss_bytes / MIB,
      'CPU µs/event: generator': cpu_us / total,
      gateway: (after.cpu_us - before.cpu_us) / total,
      ...(Number.isNaN(broker_s) ? {} : { broker: (broker_s * 1e6) / total }),
      ...(raw && { 'raw kafkajs': raw.ready.cpu_us }),
    };
  } finally {
    await gateway.stop();
  }
}

async function catchUp({ log, stores, environment }: IngestPlace, view: string) {
  const args = [view, String(CATCH_UP_S * 1000)];
  const { ready } = await startChild<CaughtUp>(child('view-runner.ts'), { args, environment });
  const { events, of, per_s, cpu_us } = ready;
  return { log, stores, view, events, of, 'events/s': per_s, 'CPU µs/event': cpu_us };
}

/** Says which of the goals were not reached. */
function judge(accepting: readonly Record<string, unknown>[], catching: readonly Record<string, unknown>[]) {
  const below = (what: string, value: unknown, goal: number) => {
    if (typeof value === 'number' && value < goal)
      console.warn(`BELOW THE GOAL of ${goal}: ${what}: ${Number(value.toPrecision(3))}`);
  };
  for (const { log, batch, ...row } of accepting) {
    below(`events/s accepted, ${log}, batches of ${batch}`, row['events/s'], GOALS.accepted_per_s);
    below(`of raw kafkajs, batches of ${batch}`, row['of raw kafkajs'], GOALS.of_raw);
  }
  for (const { log, stores, view, ...row } of catching)
    if (view === groups.counters)
      below(`events/s counted, ${log}, ${stores}`, row['events/s'], GOALS.counters_per_s);
}

/**
 * Writing events: 16 writers post batches to a gateway in a process of its own, in front of an embedded log, and of
 * Kafka where the environment has one, where a bare kafkajs producer sends the same in the same run; then each view
 * catches up, one after the other, in a process of its own, with the embedded stores, or with those of the environment.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const total = Math.round(EVENTS_PER_S * options.seconds);
  const accepting: Record<string, unknown>[] = [];
  const catching: Record<string, unknown>[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  try {
    for await (const place of ingestPlaces(folder, options.only)) {
      for (const batch of BATCHES) accepting.push(await accept(place, batch, total));
      for (const view of Object.values(groups)) catching.push(await catchUp(place, view));
    }
    await report('ingest', { accepting, 'catching up': catching }, options);
    judge(accepting, catching);
  } finally {
    await rm(folder, { recursive: true });
  }
}
