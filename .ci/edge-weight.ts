import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const MOST_BYTES = 200 * 1024;
const MOST_CPU_MS = 20;
const STARTS = 9;
/**
 * A module that starts beside it, and the CPU that it takes on the machine that the limit was set on (ms): one on which it
 * takes twice as much is half as fast, whether by itself or by what else goes on. Reckoned, since it was not measured there:
 * the edge took 15 ms, and takes 3.6 times as much as this.
 */
const [YARDSTICK, YARDSTICK_MS] = [import.meta.resolve('valibot'), 4.2];

export interface Weight {
  bytes: number;
  /** CPU that its modules take until they are evaluated, in ms of the machine that the limit was set on. */
  startup_ms: number;
}

/**
 * Told by a process of its own, so that nothing of the Worker is compiled yet. Node's loader, and the web's classes,
 * which it loads when they are first named, are there before, as they are in workerd.
 */
const START = `
await import('data:text/javascript,');
new Request('http://localhost');
void [Response, Headers, FormData, Blob, WebSocket, ReadableStream, CompressionStream, TextDecoder, AbortSignal, crypto.subtle];
const before = process.cpuUsage();
const { default: worker } = await import(process.argv[1]);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu_ms: (user + system) / 1000, works: typeof worker?.fetch === 'function' }));`;

async function start(url: string): Promise<{ cpu_ms: number; works: boolean }> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', START, url]);
  return JSON.parse(stdout);
}

/**
 * Weighs a bundled Worker. CPU is that of Node's V8, which is the engine of workerd; the least of some starts
 * counts, since other load only ever adds to it. Rejects where the bundle is no Worker.
 */
export async function weigh(bundle: string): Promise<Weight> {
  const { size } = await stat(bundle);
  const [starts, beside]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < STARTS; turn++) {
    const { cpu_ms, works } = await start(pathToFileURL(bundle).href);
    if (!works) throw new Error('It is no Worker: it has no default export with a fetch');
    starts.push(cpu_ms);
    beside.push((await start(YARDSTICK)).cpu_ms);
  }
  const usual_ms = beside.sort((a, b) => a - b)[Math.floor(STARTS / 2)] as number;
  return { bytes: size, startup_ms: Math.min(...starts) / Math.max(1, usual_ms / YARDSTICK_MS) };
}

/** What is too heavy; empty where nothing is. */
export function tooHeavy({ bytes, startup_ms }: Weight): string[] {
  const wrong: string[] = [];
  if (!(bytes <= MOST_BYTES))
    wrong.push(`The edge's bundle has ${bytes} bytes; at most ${MOST_BYTES} are allowed`);
  if (!(startup_ms <= MOST_CPU_MS)) {
    wrong.push(
      `The edge takes ${startup_ms.toFixed(1)} ms of CPU to start; at most ${MOST_CPU_MS} are allowed`,
    );
  }
  return wrong;
}

/** Bundles the Worker as it is deployed, and deploys nothing. */
async function bundled(folder: string, environment: string): Promise<string> {
  const wrangler = resolve(import.meta.dirname, '../node_modules/wrangler/bin/wrangler.js');
  const args = ['deploy', '--dry-run', '--env', environment, '--outdir', folder];
  await run(process.execPath, [wrangler, ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' },
  });
  return join(folder, 'worker.js');
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'edge-weight-'));
  try {
    await bundled(folder, 'staging');
    const weight = await weigh(await bundled(folder, 'production'));
    const { bytes, startup_ms } = weight;
    console.log(
      `edge: ${(bytes / 1024).toFixed(1)} KiB minified (at most ${MOST_BYTES / 1024}), ` +
        `${startup_ms.toFixed(1)} ms of CPU to start (at most ${MOST_CPU_MS})`,
    );
    for (const wrong of tooHeavy(weight)) {
      console.error(wrong);
      process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
