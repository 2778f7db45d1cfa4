import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../infra/local/simulated/random.ts';
import { dumpsOf } from './support/dumps.ts';
import { simulatedFiles } from './support/simulated-files.ts';

const CHILD = fileURLToPath(new URL('./support/import-child.ts', import.meta.url));
const SIMULATION = {
  seed: 5,
  now_ms: Date.parse('2026-10-01T12:00:00Z'),
  people: 250,
  conversations: 1300,
  visits: 1050,
};

describe('an import of 10,000 events that is killed', () => {
  let folder: string;
  /** How often events were sent and acknowledged, of all imports so far. */
  let requests = 0;
  /** How many imports came to their end: the next begins anew. */
  let ends = 0;
  let files: Awaited<ReturnType<typeof simulatedFiles>>;
  let undisturbed: { steps: number; requests: number; dumps: Record<string, string[]> };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgewise-'));
    files = await simulatedFiles(folder, SIMULATION);
    const data = join(folder, 'undisturbed');
    const steps = await importUntil(data, Number.POSITIVE_INFINITY);
    undisturbed = { steps, requests, dumps: await dumpsOf(data) };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Imports in a process of its own, and kills it at a step. Gives how many steps there were. */
  async function importUntil(data: string, step: number): Promise<number> {
    const child = spawn(process.execPath, [CHILD, data, files.campaigns, files.events, String(step)]);
    const [closed, failure] = [once(child, 'close'), text(child.stderr)];
    let steps = 0;
    for await (const line of createInterface(child.stdout)) {
      steps += 1;
      if (line.startsWith(basename(files.events))) requests += 1;
      // Told once it has ended, whether or not it is killed there.
      if (line === 'done') ends += 1;
    }
    const [code, signal] = await closed;
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`The import failed: ${await failure}`);
    return steps;
  }

  it('is of some size', () => {
    expect(files.count).toBeGreaterThan(9_500);
    expect(undisturbed.dumps['counters']?.length).toBeGreaterThan(9_500);
  });

  it.each([1, 2])(
    'leaves, killed three times and run again, the dumps of an undisturbed one (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const before = { requests, ends };
      const data = join(folder, `killed-${seed}`);
      for (let kills = 3; kills > 0; kills--) {
        await importUntil(data, random.whole(1, undisturbed.steps - 1));
      }
      await importUntil(data, Number.POSITIVE_INFINITY);
      // It went on where it stopped: only what nobody had noted yet was sent once more.
      expect(requests - before.requests).toBeLessThanOrEqual(undisturbed.requests * (ends - before.ends) + 3);
      expect(ends - before.ends).toBeLessThan(4);
      const dumps = await dumpsOf(data);
      for (const [view, lines] of Object.entries(undisturbed.dumps)) {
        expect(dumps[view]?.length, view).toBe(lines.length);
        expect(
          dumps[view]?.find((line, at) => line !== lines[at]),
          view,
        ).toBeUndefined();
      }
    },
    120_000,
  );
});
