import { execFile } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';
import { DEAD_LETTERS } from '#contract/queued-events.ts';
import { ROOT } from '../stack/bundle-worker.ts';
import { Mendable } from '../terminal/mendable.ts';

const BINDING = 'DEAD_LETTERS';
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const LONGEST_MS = 60_000;
const MOST_BYTES = 32 * 1024 * 1024;

/** Whose letters: of an environment of wrangler.toml, or those that a local simulation has kept in a folder. */
export type Place = { env?: string; namespace?: string; local?: string };

/** What the edge has set aside: keys in Workers KV. */
export type Letters = {
  /** The ids of all, the oldest first. */
  list(): Promise<string[]>;
  /** What one holds. Throws Mendable where there is none. */
  read(id: string): Promise<string>;
  remove(id: string): Promise<void>;
};

const Listed = v.pipe(v.string(), v.parseJson(), v.array(v.object({ name: v.string() })));

/** Letters by way of wrangler, which knows who we are at Cloudflare. Throws Mendable with what it says where it fails. */
export function lettersAt({ env, namespace, local }: Place, signal: AbortSignal): Letters {
  const where = [
    ...(namespace === undefined ? ['--binding', BINDING] : ['--namespace-id', namespace]),
    ...(env === undefined ? [] : ['--env', env]),
    ...(local === undefined ? ['--remote'] : ['--local', '--persist-to', local]),
  ];

  function wrangler(...args: string[]): Promise<string> {
    const options = {
      cwd: ROOT,
      signal,
      timeout: LONGEST_MS,
      maxBuffer: MOST_BYTES,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    };
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [WRANGLER, 'kv', 'key', ...args, ...where],
        options,
        (error, stdout, stderr) => {
          if (!error) return resolve(stdout);
          if (signal.aborted) return reject(signal.reason);
          const told = stderr.trim() || stdout.trim() || error.message;
          reject(new Mendable(`wrangler could not ${args[0]} dead letters: ${told}`, { cause: error }));
        },
      );
    });
  }

  return {
    async list() {
      const told = await wrangler('list', '--prefix', DEAD_LETTERS);
      const { success, output } = v.safeParse(Listed, told);
      if (!success) throw new Mendable(`wrangler told no list of dead letters, but: ${told.slice(0, 300)}`);
      return output.map(({ name }) => name).sort();
    },
    async read(id) {
      const text = await wrangler('get', id, '--text');
      if (text.startsWith('{')) return text.trimEnd();
      throw new Mendable(`There is no dead letter ${id}: it was redriven or dropped, or never was`);
    },
    remove: async (id) => {
      await wrangler('delete', id);
    },
  };
}
