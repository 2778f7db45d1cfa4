import { fileURLToPath } from 'node:url';
import { lacksOf } from './ask.ts';
import { openLoop, percentileOf } from './open-loop.ts';
import { originProcess } from './origin-process.ts';
import { processorTime } from './processor-time.ts';
import { questionsOf, STRANGERS, warm } from './real-questions.ts';
import { realSide } from './real-side.ts';
import { type BenchOptions, report } from './report.ts';
import { settled } from './settled.ts';
import { startSide } from './store-side.ts';
import { closedLoop, wholeCapacity } from './whole-capacity.ts';

/** What is promised: of the raw calls' CPU, and at half of what can be carried. */
const [OF_RAW, IN_TIME_MS] = [1.3, 100];
/** Origin and raw clients take so many turns, once the raw clients have made so many calls beside what the origin was asked to warm up. */
const [TURNS, WARMING] = [3, 1500];
const round = (value: number, digits = 0) => Number(value.toFixed(digits));

/**
 * The origin as it is deployed on real Milvus, Neo4j, PostgreSQL and Redis, with questions that nobody asked before: what
 * of the processor it takes beside raw clients that make the same calls, in turns; and how long answers take in an
 * open loop at half of what it can.
 */
export async function originOnServices(options: BenchOptions): Promise<void> {
  await using side = await realSide();
  await using closing = new AsyncDisposableStack();
  const origin = await originProcess(side.environment, (line) => console.error(line));
  closing.defer(() => origin.stop());
  const { tenant_id, people, environment } = side;
  const next = questionsOf(side, origin.url);
  await warm(next, people.length / 2);
  const used_us = () => 1e6 * (processorTime(origin.pid) ?? Number.NaN);
  await settled(used_us);
  const file = fileURLToPath(new URL('./raw-store-calls.ts', import.meta.url));
  const raw = await startSide(file, 'raw', { tenant_id, people, environment });
  closing.defer(() => raw.stop());

  const { clients, per_s: most } = await wholeCapacity(next, IN_TIME_MS);
  const used = { origin: { cpu_us: 0, answers: 0 }, raw: { cpu_us: 0, answers: 0 } };
  const calls = Math.max(clients, Math.round(most * options.seconds));
  const operation = { name: 'an answer', holds: 'what an answer asks', items: 1, clients };
  // The origin has been asked a lot by now: neither side's code is to be new to its process.
  await raw.turn(operation, WARMING);
  for (let turn = 0; turn < TURNS; turn++) {
    const before_us = used_us();
    const { answers } = await closedLoop(next, { clients, seconds: options.seconds, in_time_ms: IN_TIME_MS });
    used.origin.cpu_us += used_us() - before_us;
    used.origin.answers += answers;
    used.raw.cpu_us += (await raw.turn(operation, calls)).cpu_us;
    used.raw.answers += calls;
  }
  const [of_origin, of_raw] = [used.origin, used.raw].map(({ cpu_us, answers }) => cpu_us / answers);

  const took: number[] = [];
  let whole = 0;
  const per_s = most / 2;
  const loop = openLoop({
    per_s,
    next,
    answered(answer) {
      took.push(answer.took_ms);
      if (lacksOf(answer).length === 0) whole++;
    },
  });
  await new Promise((resolve) => setTimeout(resolve, TURNS * options.seconds * 1000));
  await loop.stop();

  const { campaigns, events } = side.counts;
  const sizes = `${campaigns} campaigns, ${events} events, ${people.length} people`;
  console.log(`${sizes}; every ${STRANGERS}th question is of a stranger`);
  const ratio = (of_origin ?? Number.NaN) / (of_raw ?? Number.NaN);
  const p95_ms = percentileOf(took, 0.95);
  const rows = {
    'Client CPU': [
      { side: 'raw store calls', clients, answers: used.raw.answers, 'CPU µs/answer': round(of_raw ?? 0) },
      {
        side: 'origin',
        clients,
        answers: used.origin.answers,
        'CPU µs/answer': round(of_origin ?? 0),
        'of raw': round(ratio, 2),
        [`at most ${OF_RAW}`]: ratio <= OF_RAW,
      },
    ],
    'Open loop': [
      {
        'saturated/s': round(most),
        'asked/s': round(per_s),
        answers: took.length,
        'whole %': round((100 * whole) / took.length, 1),
        p50_ms: percentileOf(took, 0.5),
        p95_ms,
        p99_ms: percentileOf(took, 0.99),
        [`p95 under ${IN_TIME_MS} ms`]: p95_ms < IN_TIME_MS,
      },
    ],
  };
  await report('origin on services', rows, options);
}
