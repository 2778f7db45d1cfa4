import { answers } from './answers.ts';
import { apiKeys } from './api-keys.ts';
import { archive } from './archive.ts';
import { embedders } from './embedders.ts';
import { graph } from './graph.ts';
import { learnt } from './learnt.ts';
import { log } from './log.ts';
import type { Closable, Port, RoleName } from './port.ts';
import { relational } from './relational.ts';
import { switches } from './switches.ts';
import { vectors } from './vectors.ts';

/** Every port, each in a file of its own. */
export const PORTS = {
  log,
  switches,
  relational,
  vectors,
  graph,
  answers,
  embedders,
  learnt,
  apiKeys,
  archive,
} as const;

type Ports = typeof PORTS;
export type PortName = keyof Ports;
type OpenedOf<Of> = Of extends Port<infer One, RoleName> ? One : never;
export type Opened<Name extends PortName> = OpenedOf<Ports[Name]>;
type User<Of> = Of extends Port<Closable, infer Name> ? Name : never;

/** The ports that a role needs, opened. */
export type PortsOf<Name extends RoleName> = {
  [Which in keyof Ports as Name extends User<Ports[Which]> ? Which : never]: Opened<Which>;
};
