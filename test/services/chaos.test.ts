import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { runIngest } from '../chaos/ingest.ts';
import { NotInstalled } from '../support/own-server.ts';

const { signal } = new AbortController();
const PATIENCE_MS = 600_000;

for (const [on, rounds] of [
  ['services', 10],
  ['embedded', 5],
] as const) {
  test(
    `whatever is killed, stopped, cut off or left without disk under load, what was acknowledged counts in every view, once: ${rounds} rounds on ${on}`,
    async ({ skip }) => {
      const seed = randomInt(2 ** 32);
      try {
        const outcome = await runIngest({ rounds, seed, on, signal }, console.info);
        expect(outcome.acknowledged).toBeGreaterThan(rounds * 20);
        expect(outcome).toMatchObject({ seed, holds: true });
      } catch (error) {
        if (!(error instanceof NotInstalled) || process.env['EDGEWISE_SERVICES_REQUIRED'] === '1')
          throw error;
        console.warn(`SKIPPED, ${error.message}`);
        skip(error.message);
      }
    },
    PATIENCE_MS,
  );
}
