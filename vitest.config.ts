import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// Otherwise wrangler and miniflare call out during a test.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_SEND_METRICS'] = 'false';
// Tests start many processes of ours: each would strip and compile the same files again, for most of its time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    // Its hints of how to be faster are no result.
    experimental: { diagnostics: false },
    // Otherwise one processor is left idle, of which there may be but two.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/edge/**', 'test/services/**'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          // Real servers share the machine with what loads them: what fails twice in a row is wrong.
          retry: 1,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { FUZZ_REQUESTS: process.env['FUZZ_REQUESTS'] ?? '1000' } },
          }),
        ],
        test: { name: 'edge', include: ['test/edge/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
    ],
  },
});
