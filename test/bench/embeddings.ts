import { openHttpEmbedder } from '#backing/embedder/http.ts';
import { embedderSettings } from '#backing/embedder/open.ts';
import { simulateTenant } from '../../infra/local/simulated/tenant.ts';
import { startChild } from './support/child.ts';
import { type BenchOptions, report } from './support/report.ts';

const BATCH = 32;
const CONCURRENCY = 4;
/** Each way is measured so often, in turns, since the service shares the machine. */
const ROUNDS = 3;
/** So many texts are made at a time, whose cost is not counted. */
const STOCK = 2048;

type Run = (texts: readonly string[]) => Promise<unknown>;
type Figures = { texts: number; took_s: number; cpu_s: number };

/** As many different texts as are asked for, as people say them. */
function* texts(): Generator<string> {
  for (let seed = 1; ; seed++) {
    const tenant = simulateTenant({ seed, people: 500, conversations: 500, visits: 0, now_ms: Date.now() });
    for (const [at, event] of tenant.events.entries()) {
      if ('text' in event && event.text) yield `${event.text} ${seed}.${at}`;
    }
  }
}

type Service = { name: string; url: string; model: string; dimension: number; api_key?: string | undefined };

/** The service of EMBEDDINGS_URL, where there is one. */
function real(): Service[] {
  if (!process.env['EMBEDDINGS_URL']) return [];
  const [asked] = embedderSettings({ ...process.env, EMBEDDER: 'http' });
  if (asked?.name !== 'http') throw new Error('The environment names no embeddings service');
  const { EMBEDDINGS_URL: url, EMBEDDINGS_MODEL: model, EMBEDDINGS_DIMENSION: dimension } = asked.settings;
  return [{ name: model, url, model, dimension, api_key: asked.settings.EMBEDDINGS_API_KEY }];
}

/** Asks by `fetch` alone, and reads the vectors. */
function fetching({ url, model, dimension, api_key }: Service): Run {
  const headers = {
    'Content-Type': 'application/json',
    ...(api_key && { Authorization: `Bearer ${api_key}` }),
  };
  return async (input) => {
    const body = JSON.stringify({ model, input, encoding_format: 'base64' });
    const answer = await fetch(`${url}/embeddings`, { method: 'POST', headers, body });
    const { data } = (await answer.json()) as { data: { embedding: string }[] };
    const vectors = data.map(({ embedding }) => {
      const { buffer, byteOffset, length } = Buffer.from(embedding, 'base64');
      return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
    });
    if (vectors.length !== input.length || vectors[0]?.length !== dimension) throw new Error('No vectors');
  };
}

async function measureOn(service: Service, seconds: number): Promise<Record<string, unknown>[]> {
  const [all, { signal }] = [texts(), new AbortController()];
  const settings = { ...service, digest: 'bench', batch_texts: BATCH, concurrency: CONCURRENCY };
  const embedder = await openHttpEmbedder({ ...settings, report: () => {} });
  const [raw, adapter]: Run[] = [fetching(service), (input) => embedder.embed(input, signal)];

  /** So many askers, each with so many texts at a time, for a while. */
  async function measure(run: Run, { askers, each }: { askers: number; each: number }): Promise<Figures> {
    const upcoming: string[] = [];
    const [begun, before] = [performance.now(), process.cpuUsage()];
    const until = begun + (seconds * 1000) / ROUNDS;
    let done = 0;
    let making_s = 0;
    const take = () => {
      if (upcoming.length < each) {
        const { user } = process.cpuUsage();
        for (let i = 0; i < STOCK; i++) upcoming.push(all.next().value as string);
        making_s += (process.cpuUsage().user - user) / 1e6;
      }
      return upcoming.splice(-each);
    };
    await Promise.all(
      Array.from({ length: askers }, async () => {
        while (performance.now() < until) {
          await run(take());
          done += each;
        }
      }),
    );
    const { user, system } = process.cpuUsage(before);
    return {
      texts: done,
      took_s: (performance.now() - begun) / 1000,
      cpu_s: (user + system) / 1e6 - making_s,
    };
  }

  const batches = { askers: CONCURRENCY, each: BATCH };
  const singles = { askers: 64, each: 1 };
  const ways = [
    { name: `fetch, ${BATCH} a request`, run: raw as Run, load: batches, floor: 0 },
    { name: `embedder, ${BATCH} a call`, run: adapter as Run, load: batches, floor: 0 },
    { name: 'fetch, 1 a request', run: raw as Run, load: singles, floor: 2 },
    { name: 'embedder, 1 a call', run: adapter as Run, load: singles, floor: 2 },
  ];
  try {
    for (const { run, load } of ways) await measure(run, load);
    const sums = ways.map((): Figures => ({ texts: 0, took_s: 0, cpu_s: 0 }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, { run, load }] of ways.entries()) {
        const figures = await measure(run, load);
        const sum = sums[at] as Figures;
        for (const key of ['texts', 'took_s', 'cpu_s'] as const) sum[key] += figures[key];
      }
    }
    const per = ({ texts, took_s, cpu_s }: Figures) => ({ rate: texts / took_s, cpu: (cpu_s / texts) * 1e6 });
    return ways.map(({ name, floor }, at) => {
      const [mine, raw] = [per(sums[at] as Figures), per(sums[floor] as Figures)];
      return {
        service: service.name,
        way: name,
        'texts/s': mine.rate,
        'CPU µs/text': mine.cpu,
        'of fetch, texts/s': mine.rate / raw.rate,
        'of fetch, CPU': mine.cpu / raw.cpu,
      };
    });
  } finally {
    await embedder.close();
  }
}

/**
 * Texts through the embedder over HTTP, beside the same asked by `fetch` alone: 32 texts a request, four at once; and
 * texts that are each wanted by themselves, 64 at once. Before a server that answers at once, which shows what the
 * client costs, and before the service of EMBEDDINGS_URL, which shows what comes through.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const child = await startChild(new URL('./support/vectors-server.ts', import.meta.url));
  try {
    const instant = { name: 'one that answers at once', url: child.ready, model: 'none', dimension: 384 };
    const rows: Record<string, unknown>[] = [];
    for (const service of [instant, ...real()]) rows.push(...(await measureOn(service, options.seconds)));
    await report('embeddings', rows, options);
  } finally {
    await child.stop();
  }
}
