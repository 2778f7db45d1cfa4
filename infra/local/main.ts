import { runRoles } from '#backing/open/run-roles.ts';
import { gatewayRole, viewsRole } from '../../ingest/roles.ts';
import { originRole } from '../../origin/role.ts';

/**
 * Any of the roles as one process, which alone can share embedded parts: `infra/local/main.ts views origin`. What
 * they stand on is chosen by the environment, as in the tiers' own mains.
 */
await runRoles([viewsRole, gatewayRole, originRole], process.argv.slice(2));
