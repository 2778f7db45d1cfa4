import type { Account } from './account.ts';
import type { Place } from './place.ts';
import type { Ports } from './ports.ts';

/** A server that can be installed and run on this machine. Each stands in a file of its own. */
export type Service = {
  readonly name: string;
  /** What it is, in the version that is pinned: `Kafka 4.4.0`. */
  readonly about: string;
  /** True where it is meant when no name is given. */
  readonly usual: boolean;
  /**
   * The ports that it takes unless told otherwise. All are below 32768: from there on Linux gives ports to clients, and
   * one that tries to reach a server which is away could be given that server's port, and so reach itself.
   */
  readonly ports: Ports;
  /** Asks the server to end in order. */
  readonly stopSignal: NodeJS.Signals;
  /** The version that is installed; null where there is none, or only a part of one. */
  installed(place: Place): Promise<string | null>;
  /** Installs the pinned version. Only called where none is installed; repeats what was broken off. */
  install(place: Place): Promise<void>;
  /** Prepares the data folder, keeping what is in it, and says how the server is run. */
  start(place: Place): Promise<Launch>;
  /** Resolves once the server has answered in its own protocol; rejects while it does not. */
  ready(ports: Ports, signal: AbortSignal): Promise<void>;
  /** How others are told of it, as in services.env.example. */
  env(ports: Ports): Record<string, string>;
};

/** One process to run, which itself is the server: its process id is the one to stop. */
export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whose process it is; otherwise that of the caller. */
  readonly as?: Account;
};
