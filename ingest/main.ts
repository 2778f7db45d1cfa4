import { runRoles } from '#backing/open/run-roles.ts';
import { gatewayRole, viewsRole } from './roles.ts';

/** The roles of this tier, usually each a process of its own: `ingest/main.ts gateway`, `ingest/main.ts views`. */
await runRoles([viewsRole, gatewayRole], process.argv.slice(2));
