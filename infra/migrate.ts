import { Command, InvalidArgumentError, Option } from 'commander';
import { migrate, migrations, type Target } from './run-migrations.ts';

function positive(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return Number(text);
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option('--url <url>', 'the server and its database; better by the environment, which no list shows')
        .env('POSTGRES_URL')
        .makeOptionMandatory(),
    )
    .addOption(new Option('--schema <name>', 'the schema').env('POSTGRES_SCHEMA').default('edgewise'));
}

function tell(names: readonly string[], what: string, schema: string): void {
  for (const name of names) console.log(`${what} ${name}`);
  if (names.length === 0) console.log(`Nothing to do: ${schema} is as it should be`);
}

const up = command('up', 'bring the schema up to the newest migration').action(async (target: Target) => {
  tell(await migrate(target, { direction: 'up' }), 'applied', target.schema);
});

const down = command('down', 'take back the last migration, with all that is in its tables')
  .option('--count <number>', 'take back that many', positive, 1)
  .action(async ({ count, ...target }: Target & { count: number }) => {
    tell(await migrate(target, { direction: 'down', count }), 'took back', target.schema);
  });

const status = command('status', 'what is applied; exits with 1 while something is missing').action(
  async (target: Target) => {
    const all = await migrations(target);
    for (const { name, applied_at } of all) console.log(`${applied_at?.toISOString() ?? 'missing'} ${name}`);
    if (all.some(({ applied_at }) => applied_at === null)) process.exitCode = 1;
  },
);

const program = new Command('migrate').description('Migrations of the PostgreSQL schema');
for (const one of [up, down, status]) program.addCommand(one);
try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
