import { Command } from 'commander';
import { explain } from './terminal/mendable.ts';

/** The commands, each loaded only when it is asked for: a token should not wait for a bundler. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./commands/start.ts')).startCommand(),
  token: async () => (await import('./commands/token.ts')).tokenCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  import: async () => (await import('./commands/import.ts')).importCommand(),
  'dead-letters': async () => (await import('./commands/dead-letters.ts')).deadLettersCommand(),
  queue: async () => (await import('./commands/queue.ts')).queueCommand(),
  compare: async () => (await import('./commands/compare.ts')).compareCommand(),
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand(),
  embeddings: async () => (await import('./commands/embeddings.ts')).embeddingsCommand(),
  rebuild: async () => (await import('./commands/rebuild.ts')).rebuildCommand(),
  reconcile: async () => (await import('./commands/reconcile.ts')).reconcileCommand(),
  retention: async () => (await import('./commands/retention.ts')).retentionCommand(),
  tune: async () => (await import('./commands/tune.ts')).tuneCommand(),
  learn: async () => (await import('./commands/learn.ts')).learnCommand(),
  archive: async () => (await import('./commands/archive.ts')).archiveCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  chaos: async () => (await import('./commands/chaos.ts')).chaosCommand(),
};

const HINT = '(add --help to see what there is)';

const [name = ''] = process.argv.slice(2);
const program = new Command('edgewise')
  .description('Edgewise on this machine: recommendations for conversations, answered at the edge')
  .usage('<command> [options]')
  .showHelpAfterError(HINT)
  .addHelpText('after', '\nRun a command by npm: npm start, or npm run token -- --tenant demo --user ada');

const asked = Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS);
for (const load of asked.map((one) => COMMANDS[one])) {
  const command = await load?.();
  if (!command) continue;
  command.option('--verbose', 'show where in the code a failure arose').showHelpAfterError(HINT);
  program.addCommand(command);
}

try {
  await program.parseAsync();
} catch (error) {
  const verbose = process.argv.includes('--verbose') || process.env['DEBUG'] === 'edgewise';
  console.error(explain(error, verbose));
  process.exitCode = 1;
}
