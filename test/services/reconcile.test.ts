import { randomUUID } from 'node:crypto';
import { MilvusClient, type RowData } from '@zilliz/milvus2-sdk-node';
import { onTestFinished } from 'vitest';
import { readPorts } from '#backing/open/open-ports.ts';
import { removeCollections } from '../../infra/local/compare/removing/milvus.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { reconcilingContract } from '../ingest/reconciling.ts';
import { temporaryFolder } from '../support/folder.ts';
import { onServices } from './on-service.ts';
import { newSchema } from './postgres.ts';

onServices(
  [
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
  ],
  (postgres_url, address) => {
    reconcilingContract<RowData>({
      name: 'PostgreSQL and Milvus',
      async open() {
        const [schema, prefix] = [newSchema(), `reconcile_${randomUUID().replaceAll('-', '').slice(0, 10)}`];
        await migrate({ url: postgres_url, schema }, { direction: 'up' });
        const chosen = readPorts(
          ['gateway', 'views', 'origin'],
          {},
          {
            ...process.env,
            ...{ LOG: 'embedded', GRAPH: 'embedded', ANSWERS: 'embedded', ARCHIVE: 'embedded' },
            ...{ KEY_STORE: 'embedded', POSTGRES_SCHEMA: schema, MILVUS_PREFIX: prefix },
            DATA: await temporaryFolder(),
          },
        );
        const client = new MilvusClient({ address, logLevel: 'error', telemetry: { enabled: false } });
        await client.connectPromise;
        onTestFinished(async () => {
          await client.closeConnection();
          await removeCollections(chosen.read, { report: () => {}, application: prefix, clock: Date.now });
        });
        const nameOf = async () => {
          const { data } = await client.showCollections();
          const found = data.find(({ name }) => name.startsWith(`${prefix}_campaigns_`));
          if (!found) throw new Error('There is no collection of campaigns');
          return found.name;
        };
        const filterOf = (id: string) => `campaign_id == ${JSON.stringify(id)}`;
        return {
          chosen,
          rows: {
            async take(id) {
              const asked = { filter: filterOf(id), output_fields: ['*'] };
              const { data } = await client.query({ collection_name: await nameOf(), ...asked });
              return data[0] as RowData;
            },
            put: async (row) => void (await client.upsert({ collection_name: await nameOf(), data: [row] })),
            remove: async (id) =>
              void (await client.deleteEntities({ collection_name: await nameOf(), expr: filterOf(id) })),
          },
        };
      },
    });
  },
);
