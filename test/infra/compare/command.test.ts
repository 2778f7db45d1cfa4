import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../support/folder.ts';
import { cli } from '../support/cli.ts';

afterEach(() => void vi.unstubAllEnvs());

async function oneEvent(): Promise<string> {
  const file = join(await temporaryFolder(), 'events.ndjson');
  await writeFile(file, '{}\n');
  return file;
}

describe('compare', () => {
  test('says which addresses it lacks, before anything is made', async () => {
    for (const name of ['KAFKA_BROKERS', 'POSTGRES_URL', 'MILVUS_ADDRESS']) vi.stubEnv(name, '');
    const [events, folder] = [await oneEvent(), await temporaryFolder()];
    vi.stubEnv('TMPDIR', folder);
    const { code, stdout, stderr } = await cli('compare', '--events', events);
    expect(await readdir(folder)).toEqual([]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^The configuration is wrong: KAFKA_BROKERS should be .*POSTGRES_URL should be .*MILVUS_ADDRESS should be /,
    );
  });

  test('says that a service is not there, and not that Edgewise is broken', async () => {
    vi.stubEnv('KAFKA_BROKERS', '127.0.0.1:1');
    vi.stubEnv('MILVUS_ADDRESS', '127.0.0.1:1');
    vi.stubEnv('GRAPH', 'embedded');
    vi.stubEnv('ARCHIVE', 'embedded');
    vi.stubEnv('KEY_STORE', 'embedded');
    vi.stubEnv('POSTGRES_URL', 'postgres://ada:canary@127.0.0.1:1/none');
    const { code, stderr } = await cli('compare', '--events', await oneEvent());
    expect(code).toBe(1);
    expect(stderr).toContain('PostgreSQL at 127.0.0.1:1/none cannot be reached');
    expect(stderr).not.toMatch(/canary|defect/);
  });
});
