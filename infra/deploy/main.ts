import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RolledBack, rollOut, type Wrangler } from './roll-out.ts';

const ROOT = join(import.meta.dirname, '../..');
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const ASK_EVERY_MS = 5_000;
const ASK_MS = 10_000;

type Options = { env: string; url: URL; steps: number[]; pause: number; tag: string };

function steps(text: string): number[] {
  const list = text.split(',').map(Number);
  const rising = list.every((step, at) => step > (list[at - 1] ?? 0) && Number.isInteger(step));
  if (rising && list.at(-1) === 100) return list;
  throw new InvalidArgumentError('Write whole per cents that rise to 100, such as 5,25,100.');
}

function seconds(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number of seconds.');
}

function address(text: string): URL {
  if (/^https:/.test(text) && URL.canParse(text)) return new URL(text);
  throw new InvalidArgumentError('Write an address such as https://api.example.com.');
}

function wranglerFor(env: string): Wrangler {
  return (...args) =>
    new Promise((resolve, reject) => {
      const options = { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } };
      execFile(process.execPath, [WRANGLER, ...args, '--env', env], options, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || stdout.trim() || error.message));
        else resolve(stdout);
      });
    });
}

/** Asks the new version itself for its health, again and again while the step lasts. */
async function healthy({ url, env, pause }: Options, version: string): Promise<boolean> {
  // Which version answers is told by this header, whatever its share (Cloudflare Workers, gradual deployments).
  const headers = { 'Cloudflare-Workers-Version-Overrides': `edgewise-${env}="${version}"` };
  const ends_ms = Date.now() + pause * 1000;
  do {
    const signal = AbortSignal.timeout(ASK_MS);
    const response = await fetch(new URL('/v1/health', url), { headers, signal });
    await response.body?.cancel();
    if (!response.ok) return false;
    await sleep(Math.min(ASK_EVERY_MS, Math.max(0, ends_ms - Date.now())));
  } while (Date.now() < ends_ms);
  return true;
}

const command = new Command('deploy')
  .description(
    'gives a new version of the Worker its traffic step by step, and takes it back where it is not well',
  )
  .addOption(new Option('--env <name>', 'where to').choices(['staging', 'production']).makeOptionMandatory())
  .requiredOption('--url <url>', 'where it is asked for its health', address)
  .requiredOption('--tag <tag>', 'what is deployed, such as the commit')
  .option('--steps <list>', 'shares of the traffic in per cent', steps, [5, 25, 100])
  .option('--pause <seconds>', 'how long each step is looked at', seconds, 300)
  .action(async (options: Options) => {
    const { env, tag } = options;
    const well = (version: string) => healthy(options, version);
    await rollOut({ wrangler: wranglerFor(env), steps: options.steps, tag, well, tell: console.log });
  });

try {
  await command.parseAsync();
} catch (error) {
  console.error(error instanceof RolledBack ? error.message : `Not deployed: ${(error as Error).message}`);
  process.exitCode = 1;
}
