import * as v from 'valibot';
import { type ViewName, versionSuffix } from '#contract/topics.ts';
import { withLearnt } from '../embedder/embedders.ts';
import { openFolder } from '../folder.ts';
import { type Environment, readSettings, type Setting, type Settings, setting } from '../settings.ts';
import type { ViewState } from '../view-versions/port.ts';
import { openAll } from './open-all.ts';
import type { Closable, Means, Part, Port, RoleName } from './port.ts';
import { type Opened, PORTS, type PortName, type PortsOf } from './ports.ts';
import { served } from './served.ts';
import { followViews, type StoreOf, type ViewStores } from './view-stores.ts';

/** Long enough for a server that has just started. */
const FIRST_MS = 5_000;

/** The rows of the views could not be read, although their database was reached. */
class ViewsUnknown extends Error {
  readonly code = 'views_unknown';
  readonly retryable = true;
}

type Chosen = { name: string; part: Part };

const neededBy = (roles: readonly RoleName[], only?: readonly PortName[]): [string, Port][] =>
  Object.entries<Port>(PORTS).filter(
    ([name, { users }]) =>
      users.some((user) => roles.includes(user)) &&
      (!only || name === 'switches' || (only as string[]).includes(name)),
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
 * them. Behind that of a view stands, at each call, the version that serves then. Rejects with what openFolder throws,
 * or with ServicesUnreachable.
 */
export async function openPorts<Name extends RoleName>(
  stack: AsyncDisposableStack,
  { read, parts }: ReturnType<typeof readPorts>,
  given: Omit<Means, 'path' | 'suffix'>,
): Promise<PortsOf<Name> & { viewStores: ViewStores }> {
  const { DATA } = read as { DATA?: string };
  const folder = DATA === undefined ? null : openFolder(DATA);
  if (folder) stack.defer(() => folder.close());
  const path = (name: string) => {
    if (!folder) throw new Error(`Nothing said that ${name} needs a folder`);
    return folder.path(name);
  };
  const means = { ...given, path };
  const ofViews = [...parts].flatMap(([name, { part }]) => {
    const { view } = PORTS[name as PortName] as Port;
    return view ? [{ name, part, view }] : [];
  });
  const opening: Record<string, Promise<Closable>> = {};
  for (const [name, { part }] of parts)
    if (!ofViews.some((one) => one.name === name)) opening[name] = part.open(read, { ...means, suffix: '' });

  const open = (view: ViewName, version: number) => {
    const { part } = ofViews.find((one) => one.view === view) as { part: Part };
    return part.open(read, { ...means, suffix: versionSuffix(version) }) as Promise<StoreOf[ViewName]>;
  };
  const switches = opening['switches'] as Promise<Opened<'switches'>> | undefined;
  const first: { state: ViewState; store: StoreOf[ViewName] }[] = [];
  let followed = false;
  for (const { name, view } of ofViews) {
    opening[name] = (async () => {
      // Where the rows cannot be read nothing starts; but then all that cannot be reached is named.
      const state = await switches
        ?.then(({ viewVersions }) => viewVersions.read(view, AbortSignal.timeout(FIRST_MS)))
        .catch(() => null);
      const store = await open(view, state?.serving ?? 1);
      if (state) first.push({ state, store });
      return { close: async () => void (followed || (await store.close())) };
    })();
  }
  const ports: Record<string, unknown> = await openAll(stack, opening);
  const { embedders, learnt } = ports as { embedders?: Opened<'embedders'>; learnt?: Opened<'learnt'> };
  if (embedders && learnt) ports['embedders'] = withLearnt(embedders, learnt);
  const unread = ofViews.filter(({ view }) => !first.some(({ state }) => state.view === view));
  if (unread.length > 0)
    throw new ViewsUnknown(
      'Which versions of the views serve could not be read: run npm run migrate -- up where that was not done',
    );

  const { viewVersions } = (await switches) ?? {};
  if (!viewVersions) return ports as never;
  followed = true;
  const viewStores = followViews({ first, viewVersions, open, report: given.report });
  stack.defer(() => viewStores.close());
  for (const { name, view } of ofViews)
    ports[name] = served(viewStores.serving(view), () => viewStores.serving(view));
  return { ...ports, viewStores } as never;
}
