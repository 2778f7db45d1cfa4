import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment, Ports } from './ports.ts';
import type { Run } from './run.ts';

/** The folders of all services. */
export type Folders = {
  /** What is installed: can be fetched again, and shared by several data folders. */
  readonly installs: string;
  /** Data, logs and who runs. */
  readonly data: string;
};

/** Where one service stands, and how it runs commands. */
export type Place = {
  readonly ports: Ports;
  readonly installs: string;
  readonly data: string;
  readonly run: Run;
  /** The ports of another service: those on which it runs, else those on which it would. */
  readonly portsOf: (other: { name: string; ports: Ports }) => Ports;
};

/**
 * `EDGEWISE_SERVICES`, or the user's cache, holds the installs; `--data` or `EDGEWISE_SERVICES_DATA` the data.
 * Root's data is not below its home: PostgreSQL refuses to run as root, and its own account may not enter there.
 */
export function foldersOf(environment: Environment, uid: number | undefined, asked?: string): Folders {
  const own = environment['EDGEWISE_SERVICES'];
  const installs =
    own || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'edgewise', 'services');
  const usual = uid === 0 && !own ? '/var/lib/edgewise/services' : join(installs, 'run');
  return {
    installs: resolve(installs),
    data: resolve(asked || environment['EDGEWISE_SERVICES_DATA'] || usual),
  };
}

/** The data folder of a service. */
export const dataOf = (folders: Folders, name: string): string => join(folders.data, name);
/** What a service said since it was last started. */
export const logOf = (folders: Folders, name: string): string => join(folders.data, `${name}.log`);
/** What its installation said. */
export const installLogOf = (folders: Folders, name: string): string =>
  join(folders.installs, `${name}.install.log`);

/** Makes the folders. Others may pass through that of the data, for the servers that run as somebody else. */
export function makeFolders({ installs, data }: Folders): void {
  mkdirSync(installs, { recursive: true });
  mkdirSync(data, { recursive: true, mode: 0o711 });
}
