import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { cli } from '../infra/support/cli.ts';
import { simulatedFiles } from '../infra/support/simulated-files.ts';
import { temporaryFolder } from '../support/folder.ts';
import { onServices } from './on-service.ts';
import { postgresUrl } from './postgres.ts';

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
  ],
  () => {
    test('compare finds every view of the real services equal to the embedded one, and leaves nothing behind', async () => {
      const files = await simulatedFiles(await temporaryFolder(), { seed: 3, now_ms: Date.now() });
      process.env['KAFKA_REPLICAS'] = '1';
      onTestFinished(() => void delete process.env['KAFKA_REPLICAS']);
      const { code, stdout, stderr } = await cli(
        'compare',
        '--events',
        files.events,
        '--campaigns',
        files.campaigns,
      );
      expect(code, stderr).toBe(0);
      for (const view of ['catalogue', 'counters', 'profiles', 'vectors'])
        expect(stdout).toMatch(
          new RegExp(`^${view} +[1-9][\\d,]* lines (\\w{16}) \\| [\\d,]+ lines \\1 \\| equal`, 'm'),
        );

      const [name] = /compare_\w+/.exec(stdout) ?? expect.fail('It names what it made');
      const client = new pg.Client({ connectionString: postgresUrl() });
      await client.connect();
      onTestFinished(() => client.end());
      const { rows } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [name]);
      expect(rows).toEqual([]);
    });
  },
);
