import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Mendable } from '../terminal/mendable.ts';

export const ROOT = join(import.meta.dirname, '../../..');

/** The Worker as one module, bundled with the conditions and the target that wrangler uses. */
export async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'edge/worker.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** The date whose behaviour of workerd the Worker is written for. Throws Mendable. */
export async function readCompatibilityDate(): Promise<string> {
  const settings = await readFile(join(ROOT, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date = "(\d{4}-\d\d-\d\d)"$/m.exec(settings)?.[1];
  if (!date) throw new Mendable('wrangler.toml has no compatibility_date = "YYYY-MM-DD": restore it');
  return date;
}
