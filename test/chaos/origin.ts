import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from '#contract/signature.ts';
import { load, type Target } from '../bench/support/load.ts';
import { type Answered, openLoop, percentileOf } from '../bench/support/open-loop.ts';
import { originProcess } from '../bench/support/origin-process.ts';
import { type RealSide, realSide } from '../bench/support/real-side.ts';
import { report } from '../bench/support/report.ts';
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
/** A row of fewer answers shows nothing. */
const ENOUGH = 100;
/** How long a dependency may take here: an answer waits for two rounds of them at most until one is left alone. */
const DEPENDENCY_MS = 150;
/** What was asked just before a fault begins may be answered without it. */
const ONSET_MS = 2 * DEPENDENCY_MS;
/** After so long without anything amiss, it has recovered. */
const CALM_MS = 1_000;
/** One question in so many is of somebody of whom nothing is held. */
const STRANGERS = 4;
const CLIENTS = 16;
const SATURATING_S = 5;
const WARM_MS = 60_000;

type Question = { stranger: boolean };
type Answer = Answered<Question> & { degraded: readonly string[] };

/** Questions that nobody asked before, so that none is answered from what is kept. */
function questionsOf({ tenant_id, people, key }: RealSide, base: string) {
  let asked = 0;
  return async (): Promise<{ question: Question; target: Target }> => {
    const at = asked++;
    const stranger = at % STRANGERS === 0;
    const user_id = stranger ? `stranger-${at}` : (people[at % people.length] as string);
    const url = new URL(`/v1/users/${user_id}/recommendations?exclude=none-${at}`, base);
    const caller = { tenant_id, subject: user_id, scopes: ['recommendations:read' as const] };
    const signed = { method: 'GET', url, caller, deadline_ms: 800, body: null };
    const headers = Object.fromEntries(await sign(signed, key, Date.now()));
    return { question: { stranger }, target: { url, headers } };
  };
}

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

function isTrue(away: readonly Store[], { question, degraded }: Answer, onset: boolean): boolean {
  const may = away.flatMap((store) => LACKS[store]);
  const must = onset ? [] : mustLack(away, question);
  return degraded.every((name) => may.includes(name)) && must.every((name) => degraded.includes(name));
}

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
      DEPENDENCY_MS: String(DEPENDENCY_MS),
    },
    (line) => reports.push(line),
  );
  closing.defer(() => origin.stop());
  const next = questionsOf(side, origin.url);

  await warm(next, side.people.length / 2);
  const targets = await Promise.all(Array.from({ length: 5_000 }, async () => (await next()).target));
  const { per_s: most } = await load(targets, CLIENTS, SATURATING_S);
  const per_s = most / 2;
  console.log(
    `${most.toFixed(0)} whole retrievals a second at ${CLIENTS} clients; asked ${per_s.toFixed(0)} a second, of which every ${STRANGERS}th of a stranger`,
  );

  let answers: Answer[] = [];
  const loop = openLoop({
    per_s,
    next,
    answered(answer: Answered<Question>) {
      const { degraded = [] } = answer.status === 200 ? (JSON.parse(answer.body) as Partial<Answer>) : {};
      answers.push({ ...answer, degraded });
    },
  });
  const rows: Record<string, unknown>[] = [];
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
      rows.push(rowOf(name, away, answers, { begun_ms, ended_ms }));
      console.log(rows.at(-1));
    }
  } finally {
    await loop.stop();
  }
  await report('chaos origin', rows, { seconds: options.seconds });
  if (options.json) await writeFile(options.json, `${JSON.stringify({ per_s, rows, reports }, null, 2)}\n`);
  return rows.every(({ holds }) => holds);
}

/** Asks until answers lack nothing: what is learnt of a tenant, and of its people, is learnt behind the first ones. */
async function warm(next: ReturnType<typeof questionsOf>, questions: number): Promise<void> {
  const lacked: string[] = [];
  const end_ms = performance.now() + WARM_MS;
  for (let whole = 0; whole < questions; ) {
    const { target } = await next();
    const response = await fetch(target.url, { headers: target.headers });
    const { degraded = ['an answer'] } = (await response.json()) as { degraded?: string[] };
    whole = degraded.length === 0 ? whole + 1 : 0;
    lacked.push(...degraded);
    if (performance.now() > end_ms) {
      const lately = [...new Set(lacked.slice(-100))].join(', ');
      console.warn(`Without any fault the origin answers without ${lately}: the machine is too busy`);
      return;
    }
  }
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
  const untrue = during.filter((one) => !isTrue(away, one, one.due_ms < begun_ms + ONSET_MS)).length;
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
    recovery_ms: Math.round(recovery_ms),
    holds:
      during.length >= ENOUGH && failed === 0 && untrue === 0 && p95_ms < P95_MS && recovery_ms < RECOVERY_MS,
  };
}
