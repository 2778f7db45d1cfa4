import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { runIngest } from '../chaos/ingest.ts';
import { NotInstalled } from '../support/own-server.ts';

const { signal } = new AbortController();
const PATIENCE_MS = 600_000;

test.each([
  { on: 'services' as const, rounds: 10 },
  { on: 'embedded' as const, rounds: 5 },
])(
  'whatever is killed, stopped, cut off or left without disk under load, what was acknowledged counts in every view, once: $rounds rounds on $on parts',
  async ({ on, rounds }, { skip }) => {
    const seed = randomInt(2 ** 32);
    try {
      const outcome = await runIngest({ rounds, seed, on, signal }, console.info);
      expect(outcome.acknowledged).toBeGreaterThan(rounds * 20);
      expect({ seed, ...outcome }).toMatchObject({ seed, holds: true });
    } catch (error) {
      if (!(error instanceof NotInstalled) || process.env['EDGEWISE_SERVICES_REQUIRED'] === '1') throw error;
      console.warn(`SKIPPED, ${error.message}`);
      skip(error.message);
    }
  },
  PATIENCE_MS,
);
