import { postgresViewVersions } from '#backing/view-versions/postgres.ts';
import { viewVersionsContract } from '../ports/view-versions.contract.ts';
import { emptyPostgres, onPostgres } from './postgres.ts';

onPostgres(() => {
  viewVersionsContract({ name: 'postgres', open: async () => postgresViewVersions(await emptyPostgres()) });
});
