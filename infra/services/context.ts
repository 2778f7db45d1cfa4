import { alone } from './lock.ts';
import { dataOf, type Folders, type Place } from './place.ts';
import { type Environment, type Ports, portsOf } from './ports.ts';
import { readRecord } from './record.ts';
import { runInto } from './run.ts';
import type { Service } from './service.ts';

/** What every command works with. */
export type Context = {
  readonly folders: Folders;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Tells the person at the keyboard how far a service is. */
  readonly tell: (name: string, words: string) => void;
};

/** Where a service stands; what its commands say goes to the log. */
export function placeOf(context: Context, service: Service, log: string): Place {
  const { folders, environment, signal } = context;
  return {
    ports: portsOf(service, environment),
    installs: folders.installs,
    data: dataOf(folders, service.name),
    run: runInto(log, signal),
    portsOf: (other) => portsNow(context, other),
  };
}

/** The ports on which it runs; where it does not, those on which it would. */
export function portsNow({ folders, environment }: Context, service: Pick<Service, 'name' | 'ports'>): Ports {
  return readRecord(folders, service.name)?.ports ?? portsOf(service, environment);
}

/** Does work while nobody else does this with the service in this folder, of its data or of its installs. */
export function aloneWith<T>(context: Context, where: keyof Folders, name: string, work: () => Promise<T>) {
  const { folders, signal, tell } = context;
  const waiting = () => tell(name, 'waits for another command that is busy with it');
  return alone({ folder: folders[where], name, signal, waiting }, work);
}
