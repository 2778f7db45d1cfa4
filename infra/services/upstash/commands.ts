import { Command, type Redis } from 'ioredis';
import * as v from 'valibot';
import type { Outcome } from './reply.ts';

/** What would block, or change, the one connection that all requests share, or the server behind it. */
const REFUSED = new Set(
  (
    'blpop brpop blmove blmpop brpoplpush bzpopmin bzpopmax bzmpop wait waitaof monitor subscribe psubscribe ssubscribe ' +
    'unsubscribe punsubscribe sunsubscribe multi exec discard watch unwatch select auth hello reset quit client ' +
    'shutdown config debug replicaof slaveof failover sync psync save bgsave bgrewriteaof module acl'
  ).split(' '),
);

const Argument = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const Words = v.pipe(v.array(Argument), v.minLength(1));

/** A command, its words as Redis takes them. */
export type Words = readonly [name: string, ...args: string[]];

/** A request was not understood, or is not taken. The message is for the client. */
export class BadCommand extends Error {
  readonly code = 'bad_command';
  readonly retryable = false;
}

/** Reads a command: a JSON array of words. Throws BadCommand. */
export function readCommand(value: unknown): Words {
  const { success, output } = v.safeParse(Words, value);
  if (!success) throw new BadCommand('ERR a command is a JSON array of strings, numbers, booleans or nulls');
  const words = output.map(String) as [string, ...string[]];
  if (REFUSED.has(words[0].toLowerCase()))
    throw new BadCommand(`ERR Command is not available: '${words[0]}'`);
  return words;
}

/** Reads a list of commands. Throws BadCommand. */
export function readCommands(value: unknown): Words[] {
  if (!Array.isArray(value)) throw new BadCommand('ERR the body is a JSON array of commands');
  return value.map(readCommand);
}

async function sent(redis: Redis, [name, ...args]: Words): Promise<Outcome> {
  const command = new Command(name, args, { replyEncoding: null });
  // Otherwise HGETALL and its like come as objects, where the REST API has flat arrays.
  command.transformReply = (reply) => reply;
  try {
    return { value: await redis.sendCommand(command) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Runs commands one after the other; each fails for itself. */
export function run(redis: Redis, commands: readonly Words[]): Promise<Outcome[]> {
  return Promise.all(commands.map((words) => sent(redis, words)));
}

/** Runs commands as one transaction. A string is the reason why none of them was run. */
export async function transact(redis: Redis, commands: readonly Words[]): Promise<Outcome[] | string> {
  // Written in one go, so that nobody's command comes between them on the connection.
  const outcomes = await run(redis, [['MULTI'], ...commands, ['EXEC']]);
  const last = outcomes.at(-1) as Outcome;
  if ('error' in last) {
    const cause = outcomes.slice(1, -1).find((outcome) => 'error' in outcome);
    return cause ? `${last.error} (${cause.error})` : last.error;
  }
  return (last.value as unknown[]).map((value) =>
    value instanceof Error ? { error: value.message } : { value },
  );
}
