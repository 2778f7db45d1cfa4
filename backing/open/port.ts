import type { Clock } from '#contract/clock.ts';
import type { ViewName } from '#contract/topics.ts';
import type { Report } from '../http/report.ts';
import type { Read, Settings } from '../settings.ts';

/** What a process does. Several may be one process. */
export type RoleName = 'gateway' | 'views' | 'origin';

/** What an opener is handed beside its settings. */
export type Means = {
  clock: Clock;
  report: Report;
  /** What the lists of a service call this process. */
  application: string;
  /** Where a file of the data folder stands. The folder is this process's alone; see `in_folder`. */
  path(name: string): string;
  /** Whether the process runs all views until it is stopped, and so may have its log forget what they all have had. */
  keeps_views?: boolean;
  /** What the names of a view's store end in, by its version; empty for what is no view's. */
  suffix: string;
};

export type Closable = { close(): Promise<void> | void };

/** One thing that can stand behind a port: what it needs to know, and how it is opened. */
export type Part<Opened extends Closable = Closable> = {
  settings: Settings;
  /** Says what is wrong with settings that are right one by one; null where nothing is. */
  check?(read: Readonly<Record<string, unknown>>): string | null;
  /** True where it keeps what it is told in this process, or in its data folder: no other process sees it. */
  own: boolean;
  /** True where it keeps files in the data folder. */
  in_folder: boolean;
  /** Rejects with a coded error where it cannot be reached. */
  open(read: Readonly<Record<string, unknown>>, means: Means): Promise<Opened>;
};

/** A port, and what can be chosen to stand behind it by a variable of the environment. */
export type Port<Opened extends Closable = Closable, User extends RoleName = RoleName> = {
  variable: string;
  /** The view whose store it is: then it has versions. */
  view?: ViewName;
  /** The roles that need it. */
  users: readonly User[];
  /** The parts by what the variable calls them; the first is taken where nothing is said. */
  parts: Readonly<Record<string, Part<Opened>>>;
};

type PartOf<All extends Settings, Opened> = {
  settings: All;
  check?(read: Read<All>): string | null;
  open(read: Read<All>, means: Means): Promise<Opened>;
};

/** A part that other processes can reach as well. */
export function shared<All extends Settings, Opened extends Closable>(
  part: PartOf<All, Opened>,
): Part<Opened> {
  return { own: false, in_folder: false, ...(part as unknown as PartOf<Settings, Opened>) };
}

/** A part in this process alone; it keeps its files, where it has any, in the data folder. */
export function embedded<Opened extends Closable>({
  in_folder,
  open,
}: {
  in_folder: boolean;
  open(means: Means): Opened;
}): Part<Opened> {
  return { own: true, in_folder, settings: {}, open: async (_read, means) => open(means) };
}

/** A port as it is declared, so that who needs it is known to the types as well. */
export function port<Opened extends Closable, const User extends RoleName>(
  declared: Port<Opened, User>,
): Port<Opened, User> {
  return declared;
}
