import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tooHeavy, weigh } from '../../.ci/edge-weight.ts';
import { temporaryFolder } from '../support/folder.ts';

async function worker(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'worker.mjs');
  await writeFile(file, text);
  return file;
}

const IDLE = 'export default { fetch() {} };';

describe("the weight of the edge's bundle", () => {
  it('is its bytes, and the CPU that it takes to start', async () => {
    const { bytes, startup_ms } = await weigh(await worker(IDLE));
    expect(bytes).toBe(IDLE.length);
    expect(startup_ms).toBeGreaterThan(0);
    expect(tooHeavy({ bytes, startup_ms })).toEqual([]);
  });

  it('is too heavy with a byte too many, or where it takes its time', async () => {
    const busy = `const { user } = process.cpuUsage(); while (process.cpuUsage().user - user < 250_000); ${IDLE}`;
    const { startup_ms } = await weigh(await worker(busy));
    expect(tooHeavy({ bytes: 200 * 1024 + 1, startup_ms })).toEqual([
      expect.stringContaining('204801 bytes'),
      expect.stringContaining('ms of CPU to start'),
    ]);
    expect(tooHeavy({ bytes: 200 * 1024, startup_ms: 20 })).toEqual([]);
    expect(tooHeavy({ bytes: Number.NaN, startup_ms: Number.NaN })).toHaveLength(2);
  });

  it('cannot be told of what is no Worker, or is not there', async () => {
    await expect(weigh(await worker('export default 1;'))).rejects.toThrow('It is no Worker');
    await expect(weigh('/nowhere/worker.js')).rejects.toThrow('ENOENT');
  });
});
