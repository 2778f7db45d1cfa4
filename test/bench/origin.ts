import { setTimeout as sleep } from 'node:timers/promises';
import { composite } from '#contract/ids.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { startChild } from './support/child.ts';
import { filledFolder } from './support/filled-folder.ts';
import { type Figures, load, type Target } from './support/load.ts';
import { originOnServices } from './support/origin-on-services.ts';
import { type BenchOptions, report } from './support/report.ts';
import { settled } from './support/settled.ts';

const CLIENTS = [1, 16, 64];
const KEPT_PEOPLE = 1000;
const WARMING = 16;
const key = { id: 'bench', secret: Buffer.alloc(32, 7).toString('base64url') };

/** Signed questions of people, good for half a minute. */
async function questions(
  base: string,
  tenant_id: string,
  people: readonly string[],
  signing: Key,
): Promise<Target[]> {
  return Promise.all(
    people.map(async (user_id) => {
      const url = new URL(`/v1/users/${encodeURIComponent(user_id)}/recommendations`, base);
      const caller = { tenant_id, subject: user_id, scopes: ['recommendations:read' as const] };
      const headers = await sign(
        { method: 'GET', url, caller, deadline_ms: 5000, body: null },
        signing,
        Date.now(),
      );
      return { url, headers: Object.fromEntries(headers) };
    }),
  );
}

/** Resolves once an answer lacks nothing: what is learnt of a tenant is learnt behind the first answers. */
async function whole(ask: () => Promise<Target[]>): Promise<void> {
  for (const end_ms = Date.now() + 120_000; Date.now() < end_ms; await sleep(500)) {
    const [{ url, headers }] = (await ask()) as [Target];
    const answer = await fetch(url, { headers });
    const { degraded = [] } = (await answer.json().catch(() => ({}))) as { degraded?: string[] };
    if (answer.ok && degraded.length === 0) return;
  }
  throw new Error('The origin answers without something that it should have');
}

/** Asks each once, so that what is kept, or held of people, is there whatever machine it is. */
async function everyOnce(targets: readonly Target[]): Promise<void> {
  const left = targets.values();
  const client = async () => {
    for (const { url, headers } of left) await (await fetch(url, { headers })).arrayBuffer();
  };
  await Promise.all(Array.from({ length: WARMING }, client));
}

/**
 * The origin, signatures and all, asked by 1, 16 and 64 clients: answers that it kept, and whole retrievals;
 * beside Node's bare server in the same run. Each server has a process of its own. With `services`, on those.
 */
export async function bench(options: BenchOptions): Promise<void> {
  if (options.services) return originOnServices(options);
  const [signing] = (await importKeys([key])) as [Key];
  await using data = await filledFolder(options);
  const rows: Record<string, unknown>[] = [];
  const bare = new Map<number, Figures>();

  const measure = async (
    name: string,
    file: string,
    args: readonly string[],
    ask: (url: string) => Promise<Target[]>,
  ) => {
    const server = await startChild(new URL(`./support/${file}`, import.meta.url), { args });
    try {
      await whole(() => ask(server.ready));
      await everyOnce(await ask(server.ready));
      await load(await ask(server.ready), WARMING, Math.min(2, options.seconds));
      await settled(async () => (await server.usage()).cpu_us);
      for (const clients of CLIENTS) {
        const targets = await ask(server.ready);
        const before = await server.usage();
        const figures = await load(targets, clients, options.seconds);
        const cpu_us = (await server.usage()).cpu_us - before.cpu_us;
        const floor = bare.get(clients) ?? figures;
        if (file === 'bare-server.ts') bare.set(clients, figures);
        rows.push({
          server: name,
          ...figures,
          'CPU µs/answer': cpu_us / figures.answers,
          'of the bare server': figures.per_s / floor.per_s,
        });
        if (figures.errors)
          throw new Error(`${figures.errors} of the answers of ${composite(name, clients)} were no answers`);
      }
    } finally {
      await server.stop();
    }
  };

  const asking = (people: readonly string[]) => (url: string) =>
    questions(url, data.tenant_id, people, signing);
  const origin = [data.path, JSON.stringify(key)];
  await measure('bare Node', 'bare-server.ts', [], asking(data.people.slice(0, KEPT_PEOPLE)));
  await measure(
    'kept answers',
    'origin-server.ts',
    [...origin, 'kept'],
    asking(data.people.slice(0, KEPT_PEOPLE)),
  );
  await measure('whole retrievals', 'origin-server.ts', [...origin, 'cold'], asking(data.people));
  await report('origin', rows, options);
}
