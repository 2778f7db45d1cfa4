import * as v from 'valibot';
import { openFolder } from '../folder.ts';
import { type Environment, readSettings, type Setting, type Settings, setting } from '../settings.ts';
import { openAll } from './open-all.ts';
import type { Closable, Means, Part, Port, RoleName } from './port.ts';
import { PORTS, type PortName, type PortsOf } from './ports.ts';

type Chosen = { name: string; part: Part };

const neededBy = (roles: readonly RoleName[], only?: readonly PortName[]): [string, Port][] =>
  Object.entries<Port>(PORTS).filter(
    ([name, { users }]) =>
      users.some((user) => roles.includes(user)) && (only as string[] | undefined)?.includes(name) !== false,
  );

/** The roles that need the port and are other processes. */
const elsewhere = ({ users }: Port, roles: readonly RoleName[]) =>
  users.filter((user) => !roles.includes(user));

/**
 * Which parts can be chosen. One that other processes do not see cannot stand behind a port that one of them needs:
 * an embedded log would never hand its events on, and epochs raised in one process not end the answers of another.
 */
function choice(port: Port, roles: readonly RoleName[]): Setting {
  const [usual = '', ...others] = Object.keys(port.parts);
  const alone = elsewhere(port, roles).length > 0;
  const together = `where ${port.users.join(' and ')} are one process: npm run roles -- ${port.users.join(' ')}`;
  const told = others.map((name) => `, or ${name}${alone && port.parts[name]?.own ? ` ${together}` : ''}`);
  const possible = Object.entries(port.parts).flatMap(([name, { own }]) => (own && alone ? [] : [name]));
  return {
    wanted: `${usual} (where it is left out)${told.join('')}`,
    schema: v.optional(v.picklist(possible), usual),
  };
}

function chosen(port: Port, env: Environment): Chosen | null {
  const [usual = ''] = Object.keys(port.parts);
  const name = env[port.variable] || usual;
  const part = Object.hasOwn(port.parts, name) ? port.parts[name] : undefined;
  return part ? { name, part } : null;
}

/** All that these roles could read of the environment for their ports, whatever is chosen. */
export function everySetting(roles: readonly RoleName[]): Settings {
  const ports = neededBy(roles).map(([, port]) => port);
  const parts = ports.flatMap((port) => Object.values(port.parts));
  return Object.assign(
    { DATA: setting.data_folder },
    ...ports.map((port) => ({ [port.variable]: choice(port, roles) })),
    ...parts.map((part) => part.settings),
  );
}

/**
 * Reads what the roles of this process need to know of their ports, and `own` besides, all at once; of the
 * ports `only` some, where that is given. Throws
 * BadSettings, naming all that is wrong or missing.
 */
export function readPorts<All extends Settings>(
  roles: readonly RoleName[],
  own: All,
  env: Environment,
  only?: readonly PortName[],
) {
  const needed = neededBy(roles, only);
  const parts = new Map(
    needed.flatMap(([name, port]) => {
      const found = chosen(port, env);
      return found ? [[name, found] as const] : [];
    }),
  );
  const folder = [...parts.values()].some(({ part }) => part.in_folder);
  const settings: Settings = Object.assign(
    {},
    // What a role could do without, a port of this process may need.
    own,
    ...needed.map(([, port]) => ({ [port.variable]: choice(port, roles) })),
    ...[...parts.values()].map(({ part }) => part.settings),
    folder ? { DATA: setting.data_folder } : {},
  );
  const checks = [...parts.values()].map(
    ({ part }) =>
      (read: Readonly<Record<string, unknown>>) =>
        part.check?.(read) ?? null,
  );
  const read = readSettings(settings, env, checks);
  return { read, parts };
}

/**
 * Opens the ports that the roles of this process need, side by side, by what the environment chose; the stack closes
 * them. Rejects with what openFolder throws, or with ServicesUnreachable.
 */
export async function openPorts<Name extends RoleName>(
  stack: AsyncDisposableStack,
  { read, parts }: ReturnType<typeof readPorts>,
  means: Omit<Means, 'path'>,
): Promise<PortsOf<Name>> {
  const { DATA } = read as { DATA?: string };
  const folder = DATA === undefined ? null : openFolder(DATA);
  if (folder) stack.defer(() => folder.close());
  const path = (name: string) => {
    if (!folder) throw new Error(`Nothing said that ${name} needs a folder`);
    return folder.path(name);
  };
  const opening: Record<string, Promise<Closable>> = {};
  for (const [port, { part }] of parts) opening[port] = part.open(read, { ...means, path });
  return (await openAll(stack, opening)) as PortsOf<Name>;
}
