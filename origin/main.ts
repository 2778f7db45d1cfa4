import { runRoles } from '#backing/open/run-roles.ts';
import { originRole } from './role.ts';

/** The origin, on what the environment chooses. */
await runRoles([originRole], [originRole.name]);
