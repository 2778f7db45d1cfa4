import { Mendable } from '../local/terminal/mendable.ts';

/** The TCP ports of a service by what they are for; `main` is the one that its users connect to. */
export type Ports = Readonly<{ main: number } & Record<string, number>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that sets a port: `EDGEWISE_KAFKA_PORT`, `EDGEWISE_KAFKA_CONTROLLER_PORT`. */
export function portVariable(service: string, port: string): string {
  const parts = ['EDGEWISE', service, ...(port === 'main' ? [] : [port]), 'PORT'];
  return parts.join('_').toUpperCase();
}

/** The ports of a service: its own, or what the environment says. Throws Mendable where that is no port. */
export function portsOf({ name, ports }: { name: string; ports: Ports }, environment: Environment): Ports {
  const chosen = Object.entries(ports).map(([port, usual]) => {
    const variable = portVariable(name, port);
    return [port, parsePort(variable, environment[variable]) ?? usual] as const;
  });
  return { ...ports, ...Object.fromEntries(chosen) };
}

function parsePort(variable: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new Mendable(`${variable} is "${text}": set it to a port, 1 to 65535`);
  return port;
}
