import { Command } from 'commander';
import { ListedKey, ListedKeys, MadeKey } from '#contract/admin.ts';
import type { Scope } from '#contract/caller.ts';
import { DEFAULT_DATA } from '../folder/data-folder.ts';
import { atOrigin } from '../stack/at-origin.ts';
import { keyId, keyName, scopes, span, tenant } from './options.ts';

type Where = { tenant: string; data: string; origin?: string };

const PATH = '/v1/admin/keys';

/** `keys`: makes, lists, rotates and revokes the API keys of a tenant's own servers. */
export function keysCommand(): Command {
  const command = new Command('keys')
    .description("make, list, rotate and revoke API keys, for a tenant's own servers")
    .addHelpText(
      'after',
      `
On a data folder, whether something runs on it or not; or, with --origin, at an origin that is deployed, with its ORIGIN_KEYS
in the environment. A new key is printed once, alone on the standard output: nobody can find it out again.

Examples:
  npm run -s keys -- create --tenant demo --name 'catalogue import' --scope 'campaigns:write' --expires 90d
  npm run -s keys -- list --tenant demo
  npm run -s keys -- rotate 0123456789abcdef --tenant demo --overlap 24h
  npm run -s keys -- revoke 0123456789abcdef --tenant demo`,
    );

  withWhere(command.command('create'))
    .description('make a key')
    .requiredOption('--name <name>', 'what it is for', keyName)
    .requiredOption('--scope <scopes>', 'what it allows, separated by spaces', scopes)
    .option('--expires <time>', 'when it ends, such as 90d from now (default: when it is revoked)', span)
    .action(
      async ({
        name,
        scope,
        expires,
        ...where
      }: Where & { name: string; scope: Scope[]; expires?: number }) => {
        const body = { name, scopes: scope, expires_at: expires === undefined ? null : fromNow(expires) };
        tell(
          await atOrigin(where, (origin) => origin({ method: 'POST', path: PATH, body, schema: MadeKey })),
        );
      },
    );

  withWhere(command.command('list'))
    .description('list the keys, ended ones as well')
    .action(async (where: Where) => {
      const { keys } = await atOrigin(where, (origin) =>
        origin({ method: 'GET', path: PATH, schema: ListedKeys }),
      );
      for (const key of keys) console.log(lineOf(key));
      if (keys.length === 0) console.error(`The tenant ${where.tenant} has no API keys`);
    });

  withWhere(command.command('rotate'))
    .description('make a key that may the same, and have the old one end')
    .argument('<key id>', 'the key to replace', keyId)
    .option('--overlap <time>', 'how long the old one goes on to hold', span, 3600)
    .action(async (key_id: string, { overlap, ...where }: Where & { overlap: number }) => {
      const body = { old_expires_at: overlap === 0 ? null : fromNow(overlap) };
      const path = `${PATH}/${key_id}/rotate`;
      tell(await atOrigin(where, (origin) => origin({ method: 'POST', path, body, schema: MadeKey })));
    });

  withWhere(command.command('revoke'))
    .description('end a key: within a minute it is refused everywhere')
    .argument('<key id>', 'the key to end', keyId)
    .action(async (key_id: string, where: Where) => {
      const path = `${PATH}/${key_id}`;
      console.log(
        lineOf(await atOrigin(where, (origin) => origin({ method: 'DELETE', path, schema: ListedKey }))),
      );
    });

  return command;
}

function withWhere(command: Command): Command {
  return command
    .requiredOption('--tenant <tenant>', 'whose keys', tenant)
    .option('--data <folder>', 'the data folder', DEFAULT_DATA)
    .option('--origin <url>', 'an origin instead of a data folder; its signing keys are in ORIGIN_KEYS');
}

const fromNow = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

function tell({ api_key, ...key }: MadeKey): void {
  console.error(`${lineOf(key)}\nKeep it well; it is not shown again:`);
  console.log(api_key);
}

function lineOf({ key_id, name, scopes, expires_at, revoked_at }: ListedKey): string {
  const ends = expires_at === null ? 'holds until it is revoked' : `expires ${expires_at}`;
  return [key_id, name, scopes.join(' '), revoked_at === null ? ends : `revoked ${revoked_at}`].join('  ');
}
