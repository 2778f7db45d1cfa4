import { Agent, request } from 'node:http';
import { createHistogram } from 'node:perf_hooks';

export type Figures = {
  clients: number;
  answers: number;
  per_s: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  errors: number;
};

/** What is asked, and the status that is right, 200 where none is said. */
export type Target = { url: URL; headers: Record<string, string>; status?: number };

/** One GET, read to its end. Resolves with the status. */
function get({ url, headers }: Target, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Closed loop: so many clients, each asking again as soon as it is answered, through the targets in turn. */
export async function load(targets: readonly Target[], clients: number, seconds: number): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const histogram = createHistogram({ figures: 3 });
  let [at, done, errors] = [0, 0, 0];
  const begun = process.hrtime.bigint();
  const end = begun + BigInt(Math.round(seconds * 1e9));
  const client = async () => {
    for (let now = process.hrtime.bigint(); now < end; now = process.hrtime.bigint()) {
      const target = targets[at++ % targets.length] as Target;
      const status = await get(target, agent).catch(() => 0);
      histogram.record(process.hrtime.bigint() - now);
      done++;
      if (status !== (target.status ?? 200)) errors++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const took_s = Number(process.hrtime.bigint() - begun) / 1e9;
  agent.destroy();
  const ms = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return {
    clients,
    answers: done,
    per_s: done / took_s,
    p50_ms: ms(50),
    p95_ms: ms(95),
    p99_ms: ms(99),
    errors,
  };
}
