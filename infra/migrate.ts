import { Command, InvalidArgumentError } from 'commander';
import { neo4jAddressOf, neo4jSettings } from '#backing/open/graph.ts';
import { postgresAddressOf, postgresSettings } from '#backing/open/relational.ts';
import { versionsThere } from '#backing/open/versions-there.ts';
import { readSettings } from '#backing/settings.ts';
import { versionSuffix } from '#contract/topics.ts';
import { graphMigrations, migrateGraph } from './run-graph-migrations.ts';
import { migrate, migrations, type Target } from './run-migrations.ts';

function positive(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return Number(text);
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--url <url>', 'the server and its database; better by POSTGRES_URL, which no list shows')
    .option('--schema <name>', 'the schema; or by POSTGRES_SCHEMA');
}

type Asked = { url?: string; schema?: string };

/** The server, by the variables that the tiers read, and by what the command line says instead. */
function targetOf({ url, schema }: Asked): Target {
  const { env } = process;
  const read = readSettings(postgresSettings, {
    ...env,
    ...(url ? { POSTGRES_URL: url, POSTGRES_URL_FILE: undefined } : {}),
    ...(schema ? { POSTGRES_SCHEMA: schema, POSTGRES_SCHEMA_FILE: undefined } : {}),
  });
  return { ...postgresAddressOf(read), schema: read.POSTGRES_SCHEMA };
}

/** The graph, by the variables that the tiers read; null where none is named. */
function graphTarget() {
  const { NEO4J_URL, NEO4J_URL_FILE } = process.env;
  if (!NEO4J_URL && !NEO4J_URL_FILE) return null;
  const read = readSettings(neo4jSettings, process.env);
  return { ...neo4jAddressOf(read), version: read.NEO4J_VERSION };
}

function tell(names: readonly string[], what: string, schema: string): void {
  for (const name of names) console.log(`${what} ${name}`);
  if (names.length === 0) console.log(`Nothing to do: ${schema} is as it should be`);
}

const up = command(
  'up',
  'bring the schema, and the graph at NEO4J_URL where that is set, up to the newest migration',
).action(async (options: Asked) => {
  const target = targetOf(options);
  const graph = graphTarget();
  tell(await migrate(target, { direction: 'up' }), 'applied', target.schema);
  // Those of views that were made anew have the same tables, and labels, under other names.
  for (const version of await versionsThere('counters', target)) {
    if (version === 1) continue;
    const schema = `${target.schema}${versionSuffix(version)}`;
    tell(await migrate({ ...target, schema }, { direction: 'up' }), 'applied', schema);
  }
  if (!graph) return;
  for (const one of await versionsThere('graph', target)) {
    const version = `${graph.version}${versionSuffix(one)}`;
    tell(await migrateGraph({ ...graph, version }), 'applied', `the graph ${version}`);
  }
});

const down = command('down', 'take back the last migration of the schema, with all that is in its tables')
  .option('--count <number>', 'take back that many', positive, 1)
  .action(async ({ count, ...options }: Asked & { count: number }) => {
    const target = targetOf(options);
    tell(await migrate(target, { direction: 'down', count }), 'took back', target.schema);
  });

const status = command('status', 'what is applied; exits with 1 while something is missing').action(
  async (options: Asked) => {
    const target = targetOf(options);
    const graph = graphTarget();
    const all = [
      ...(await migrations(target)).map(({ name, applied_at }) => ({
        name,
        applied_at: applied_at?.toISOString() ?? null,
      })),
      ...(graph ? await graphMigrations(graph) : []),
    ];
    for (const { name, applied_at } of all) console.log(`${applied_at ?? 'missing'} ${name}`);
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
