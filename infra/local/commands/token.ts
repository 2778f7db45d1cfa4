import { Command } from 'commander';
import type { Scope } from '#contract/caller.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { readKeys } from '../folder/keys.ts';
import { signToken } from '../folder/sign-token.ts';
import { readState } from '../folder/state.ts';
import { lifetime, scopes, tenant, user } from './options.ts';

/** What an app asks for a person with. */
export const PERSON_SCOPES: readonly Scope[] = ['recommendations:read', 'events:write', 'campaigns:read'];

type Options = { tenant: string; user: string; scope: Scope[]; expires: number; data: string };

/** `token`: prints a person's token, and nothing else, to the standard output. */
export function tokenCommand(): Command {
  return new Command('token')
    .description("print a person's token for the Worker that runs on this data folder")
    .requiredOption('--tenant <tenant>', 'whose data: 1 to 63 of a-z, 0-9 and "-"', tenant)
    .requiredOption('--user <user>', 'who asks, as events name them', user)
    .option('--scope <scopes>', 'what it allows, separated by spaces', scopes, [...PERSON_SCOPES])
    .option('--expires <time>', 'how long it holds, up to 24h', lifetime, 12 * 3600)
    .option('--data <folder>', 'the data folder, whose issuer signs it', DEFAULT_DATA)
    .addHelpText(
      'after',
      `
Examples:
  npm run -s token -- --tenant demo --user ada
  npm run -s token -- --tenant demo --user '|trey|' --scope 'recommendations:read' --expires 30m`,
    )
    .action(async ({ tenant, user, scope, expires, data }: Options) => {
      refuseForeign(data);
      const keys = await readKeys(data);
      const { tenants } = readState(data);
      if (tenants.length > 0 && !tenants.includes(tenant)) {
        console.error(
          `Mind: ${data} has no data of the tenant ${tenant}, so it will not be let in; there is ${tenants.join(', ')}`,
        );
      }
      const options = { keys, tenant_id: tenant, user_id: user, scopes: scope, lifetime_s: expires };
      console.log(await signToken({ ...options, now_ms: Date.now() }));
    });
}
