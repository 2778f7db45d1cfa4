import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lacksOf } from '../bench/support/ask.ts';
import { type Answered, openLoop, percentileOf } from '../bench/support/open-loop.ts';
import { originProcess } from '../bench/support/origin-process.ts';
import { type Question, questionsOf, STRANGERS, warm } from '../bench/support/real-questions.ts';
import { realSide } from '../bench/support/real-side.ts';
import { report } from '../bench/support/report.ts';
import { wholeCapacity } from '../bench/support/whole-capacity.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';

type Options = { json?: string; only?: string; seconds: number; signal: AbortSignal };

const STORES = ['Milvus', 'Neo4j', 'Postgres', 'Redis'] as const;
type Store = (typeof STORES)[number];

const FAULTS = {
  'slowed by 5 s': (proxy: FaultProxy) => proxy.delay(5_000),
  'black-holed': (proxy: FaultProxy) => proxy.blackHole(),
  reset: (proxy: FaultProxy) => proxy.refuse(),
  garbage: (proxy: FaultProxy) => proxy.garbage(),
} as const;
type Fault = keyof typeof FAULTS;

/** What an answer may lack while a store is away, as `degraded` names it. */
const LACKS: Record<Store, readonly string[]> = {
  Milvus: ['vectors'],
  Neo4j: ['graph'],
  Postgres: ['catalogue', 'counters', 'profiles'],
  Redis: [],
};

/** What is promised. */
const [P95_MS, RECOVERY_MS] = [100, 5_000];
/** So large a share of answers may lack a store that has no fault, and was late by itself. */
const BESIDE = 0.02;
/** A row of fewer answers shows nothing. */
const ENOUGH = 60;
/** What was asked just before a fault begins may be answered without it. */
const ONSET_MS = 200;
/** After so long without anything amiss, it has recovered. */
const CALM_MS = 1_000;
type Answer = Answered<Question> & { degraded: readonly string[] };

/** What an answer has to lack while these are away, at the least. */
function mustLack(away: readonly Store[], { stranger }: Question): string[] {
  const unknown = away.includes('Redis');
  return [
    ...(away.includes('Milvus') && !stranger ? ['vectors'] : []),
    ...(away.includes('Neo4j') ? ['graph'] : []),
    // A person's profile is held for as long as their epoch is known to hold.
    ...(away.includes('Postgres') && (stranger || unknown) ? ['profiles'] : []),
  ];
}

/** Whether an answer names what it has to lack. */
const isTrue = (away: readonly Store[], { question, degraded }: Answer) =>
  mustLack(away, question).every((name) => degraded.includes(name));

/** Whether it names a store that has no fault: one that was late by itself. */
const isBeside = (away: readonly Store[], { degraded }: Answer) =>
  degraded.some((name) => !away.flatMap((store) => LACKS[store]).includes(name));

/** Nothing, then each store by each fault, alone and in pairs. */
function scenarios({ only }: Options): { name: string; fault: Fault; away: Store[] }[] {
  const pairs = STORES.flatMap((one, i) => STORES.slice(i + 1).map((other) => [one, other]));
  const all = [...STORES.map((store) => [store]), ...pairs];
  const faults = all
    .flatMap((away): { name: string; fault: Fault; away: Store[] }[] =>
      (Object.keys(FAULTS) as Fault[]).map((fault) => ({
        name: `${away.join(' and ')} ${fault}`,
        fault,
        away,
      })),
    )
    .filter(({ name }) => !only || name.includes(only));
  // What the machine does to answers by itself.
  return [{ name: 'nothing', fault: 'reset', away: [] }, ...faults];
}

const addressOf = (text: string): { host: string; port: number } => {
  const { hostname, port } = new URL(text.includes('://') ? text : `tcp://${text}`);
  return { host: hostname, port: Number(port) };
};

/** The address with another port of this machine. */
function through(text: string, { port }: FaultProxy): string {
  const { host, port: former } = addressOf(text);
  return text.replace(`${host}:${former}`, `127.0.0.1:${port}`);
}

/**
 * The origin on the real services, each behind a proxy, under an open load of half of what it can: each store is slowed,
 * black-holed, reset and answers garbage, alone and in pairs. True where every promise held: no 5xx, p95 under 100 ms, each
 * answer true about what it lacks, and whole answers again within 5 s of the fault's end.
 */
export async function chaos(options: Options): Promise<boolean> {
  await using side = await realSide();
  await using closing = new AsyncDisposableStack();
  const { MILVUS_ADDRESS = '', NEO4J_URL = '', POSTGRES_URL = '', REDIS_URL = '' } = process.env;
  const addresses: Record<Store, string> = {
    Milvus: MILVUS_ADDRESS,
    Neo4j: NEO4J_URL,
    Postgres: POSTGRES_URL,
    Redis: REDIS_URL,
  };
  const proxies = {} as Record<Store, FaultProxy>;
  for (const store of STORES) {
    const proxy = await faultProxy(addressOf(addresses[store]));
    closing.defer(() => proxy.close());
    proxies[store] = proxy;
  }
  const reports: string[] = [];
  const origin = await originProcess(
    {
      ...side.environment,
      MILVUS_ADDRESS: through(MILVUS_ADDRESS, proxies.Milvus),
      NEO4J_URL: through(NEO4J_URL, proxies.Neo4j).replace('neo4j://', 'bolt://'),
      POSTGRES_URL: through(POSTGRES_URL, proxies.Postgres),
      REDIS_URL: through(REDIS_URL, proxies.Redis),
    },
    (line) => reports.push(line),
  );
  closing.defer(() => origin.stop());
  const next = questionsOf(side, origin.url);

  await warm(next, side.people.length / 2);
  const { per_s: most, clients, p95_ms } = await wholeCapacity(next, P95_MS);
  const per_s = most / 2;
  const { campaigns, events } = side.counts;
  console.log(
    `${most.toFixed(0)} answers a second that lack nothing and are in time, at ${clients} clients with p95 ${p95_ms.toFixed(0)} ms; ` +
      `asked ${per_s.toFixed(0)} a second, every ${STRANGERS}th of a stranger; ${campaigns} campaigns, ${events} events, ${side.people.length} people`,
  );

  let answers: Answer[] = [];
  const loop = openLoop({
    per_s,
    next,
    answered(answer: Answered<Question>) {
      answers.push({ ...answer, degraded: lacksOf(answer) });
    },
  });
  const rows: Row[] = [];
  try {
    for (const { name, fault, away } of scenarios(options)) {
      await sleep(CALM_MS);
      options.signal.throwIfAborted();
      answers = [];
      const begun_ms = performance.now();
      for (const store of away) FAULTS[fault](proxies[store]);
      await sleep(options.seconds * 1000);
      const ended_ms = performance.now();
      for (const store of away) proxies[store].heal();
      await calm(() => answers, ended_ms);
      const row = rowOf(name, away, answers, { begun_ms, ended_ms });
      rows.push(row);
      console.log(lineOf(row));
    }
  } finally {
    await loop.stop();
  }
  await report('chaos origin', rows, { seconds: options.seconds });
  if (options.json) await writeFile(options.json, `${JSON.stringify({ per_s, rows, reports }, null, 2)}\n`);
  return rows.every(({ holds }) => holds);
}

/** Resolves once nothing was amiss for a while, or recovery has taken too long anyhow. */
async function calm(answers: () => readonly Answer[], ended_ms: number): Promise<void> {
  for (;;) {
    await sleep(100);
    const now_ms = performance.now();
    const last = answers().findLast(isAmiss)?.due_ms ?? ended_ms;
    if (now_ms - Math.max(last, ended_ms) > CALM_MS || now_ms - ended_ms > 3 * RECOVERY_MS) return;
  }
}

const isAmiss = ({ status, degraded }: Answer) => status !== 200 || degraded.length > 0;

function rowOf(
  name: string,
  away: readonly Store[],
  answers: readonly Answer[],
  { begun_ms, ended_ms }: { begun_ms: number; ended_ms: number },
) {
  const during = answers.filter(({ due_ms }) => due_ms >= begun_ms && due_ms < ended_ms - ONSET_MS);
  const failed = answers.filter(({ status }) => status !== 200).length;
  const untrue = during.filter((one) => one.due_ms >= begun_ms + ONSET_MS && !isTrue(away, one)).length;
  const beside = during.filter((one) => isBeside(away, one)).length;
  const p95_ms = percentileOf(
    during.map(({ took_ms }) => took_ms),
    0.95,
  );
  const amiss = answers.filter((one) => one.due_ms >= ended_ms && isAmiss(one));
  const recovery_ms = Math.max(0, (amiss.at(-1)?.due_ms ?? ended_ms) - ended_ms);
  return {
    fault: name,
    answers: during.length,
    failed,
    p50_ms: percentileOf(
      during.map(({ took_ms }) => took_ms),
      0.5,
    ),
    p95_ms,
    degraded: [...new Set(during.flatMap(({ degraded }) => degraded))].sort().join(', '),
    untrue,
    beside,
    recovery_ms: Math.round(recovery_ms),
    holds:
      during.length >= ENOUGH &&
      failed === 0 &&
      untrue === 0 &&
      beside <= BESIDE * during.length &&
      p95_ms < P95_MS &&
      recovery_ms < RECOVERY_MS,
  };
}

type Row = ReturnType<typeof rowOf>;

/** A row as it comes, so that a run that is cut short has told what it found. */
function lineOf({ fault, answers, failed, p50_ms, p95_ms, degraded, ...row }: Row): string {
  return (
    `${row.holds ? 'holds' : 'BROKEN'}: ${fault}: ${answers} answers, ${failed} failed, p50 ${p50_ms.toFixed(0)} ms, ` +
    `p95 ${p95_ms.toFixed(0)} ms, without ${degraded || 'nothing'}, ${row.untrue} untrue, ${row.beside} without another, back after ${row.recovery_ms} ms`
  );
}
