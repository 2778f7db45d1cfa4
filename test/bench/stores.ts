import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Mendable } from '../../infra/local/terminal/mendable.ts';
import type { Measured } from './support/meter.ts';
import { type BenchOptions, report } from './support/report.ts';
import type { Operation, StoreBench } from './support/store-bench.ts';
import { type RunningSide, startSide } from './support/store-side.ts';

const folder = new URL('./stores/', import.meta.url);
/** An adapter may use so much more of the processor than the raw client. */
const GOAL = 1.2;
/** How often each side has its turn. Even, so that each goes first as often as the other. */
const ROUNDS = 6;
const WARM_UP_MS = 300;

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1] as number, sorted[sorted.length >> 1] as number];
  return (low + high) / 2;
}

/** Warms a side up, and gives how many calls it makes in a ms. */
async function rateOf(side: RunningSide, operation: Operation): Promise<number> {
  const { most = Number.POSITIVE_INFINITY, clients } = operation;
  for (let calls = Math.min(most, 2 * clients); ; calls = Math.min(most, calls * 4)) {
    const { took_ms } = await side.turn(operation, calls);
    if (took_ms >= WARM_UP_MS || calls === most) return calls / took_ms;
  }
}

/** Both sides in turns, so that what else the machine does falls on both. */
async function inTurns(operation: Operation, adapter: RunningSide, raw: RunningSide, seconds: number) {
  const rates = [await rateOf(adapter, operation), await rateOf(raw, operation)];
  const wanted = Math.ceil((Math.min(...rates) * seconds * 1000) / (2 * ROUNDS));
  const calls = Math.max(operation.clients, Math.min(operation.most ?? wanted, wanted));
  const turns = { adapter: [] as Measured[], raw: [] as Measured[] };
  for (let round = 0; round < ROUNDS; round++) {
    const order = [['adapter', adapter] as const, ['raw', raw] as const];
    for (const [which, side] of round % 2 ? order.reverse() : order) {
      turns[which].push(await side.turn(operation, calls));
    }
  }
  return { calls, turns };
}

function figures({ items }: Operation, calls: number, turns: readonly Measured[]) {
  const sorted = turns.flatMap(({ calls_ms }) => calls_ms).sort((a, b) => a - b);
  const done = calls * items * turns.length;
  return {
    'items/s': done / (sum(turns.map(({ took_ms }) => took_ms)) / 1000),
    p50_ms: percentile(sorted, 0.5),
    p95_ms: percentile(sorted, 0.95),
    p99_ms: percentile(sorted, 0.99),
    'CPU µs/item': sum(turns.map(({ cpu_us }) => cpu_us)) / done,
  };
}

async function measure(file: string, store: StoreBench, seconds: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  const { place, remove } = await store.prepare();
  try {
    const [adapter, raw] = [await startSide(file, 'adapter', place), await startSide(file, 'raw', place)];
    for (const operation of store.operations) {
      const { calls, turns } = await inTurns(operation, adapter, raw, seconds);
      const { name, holds, clients } = operation;
      const ratio = (of: (turn: Measured) => number) =>
        median(turns.adapter.map((turn, at) => of(turn) / of(turns.raw[at] as Measured)));
      const about = { store: store.name, operation: name, 'a call holds': holds, clients };
      rows.push({
        ...about,
        side: 'adapter',
        ...figures(operation, calls, turns.adapter),
        'CPU of raw': ratio(({ cpu_us }) => cpu_us),
        'time of raw': ratio(({ took_ms }) => took_ms),
      });
      rows.push({ ...about, side: 'raw', ...figures(operation, calls, turns.raw) });
    }
    await Promise.all([adapter.stop(), raw.stop()]);
  } finally {
    await remove();
  }
  return rows;
}

/**
 * Each adapter's hot operations beside the raw client doing the same in as large batches: how fast, and how much of
 * the client's processor it takes. The ratios are medians over pairs of turns. A measurement's time is for both sides.
 */
export async function bench({ only = '', ...options }: BenchOptions): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  const absent: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const file = fileURLToPath(new URL(name, folder));
    const { store } = (await import(file)) as { store: StoreBench };
    if (!store.name.toLowerCase().includes(only.toLowerCase())) continue;
    const missing = store.needs.filter(({ variable }) => !process.env[variable]);
    if (missing.length > 0) {
      const [variables, up] = [missing.map((one) => one.variable), missing.map((one) => one.up)];
      absent.push(
        `${store.name}: set ${variables.join(', ')} (npm run services -- up ${up.join(' ')}, then npm run services -- env)`,
      );
      continue;
    }
    console.log(`measures ${store.name}`);
    rows.push(...(await measure(file, store, options.seconds)));
  }
  if (rows.length === 0)
    throw new Mendable(`Nothing was measured. ${absent.join('; ') || `No store is "${only}"`}`);
  await report('stores', rows, options);
  const over = rows.filter((row) => Number(row['CPU of raw']) > GOAL);
  for (const row of over) {
    const ratio = Number(row['CPU of raw']).toPrecision(3);
    console.warn(`OVER THE GOAL of ${GOAL} in CPU: ${row['store']}, ${row['operation']}: ${ratio}`);
  }
  for (const one of absent) console.warn(`NOT MEASURED, ${one}`);
}
