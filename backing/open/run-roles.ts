import type { Meter } from '@opentelemetry/api';
import type { Clock } from '#contract/clock.ts';
import { type Report, toStderr } from '../http/report.ts';
import { BadSettings, type Read, readSettings, type Settings } from '../settings.ts';
import type { Traces } from '../telemetry/traces.ts';
import { openPorts, readPorts } from './open-ports.ts';
import { openOperations, operationsSettings } from './operations.ts';
import type { RoleName } from './port.ts';
import type { PortsOf } from './ports.ts';
import { runMain } from './run-main.ts';
import type { ViewStores } from './view-stores.ts';

type Given<All extends Settings> = {
  settings: Read<All>;
  clock: Clock;
  report: Report;
  meter: Meter;
  traces: Traces;
};

/** What a process can do: it starts over ports that it is handed, and says that it is up. */
export type Role<Name extends RoleName = RoleName, All extends Settings = Settings> = {
  name: Name;
  /** What it needs to know beside its ports. */
  settings: All;
  /** It may find ports of other roles of the process beside its own. */
  start(
    ports: PortsOf<Name> & Partial<PortsOf<RoleName>> & { viewStores: ViewStores },
    given: Given<All>,
  ): Promise<{ said: string; close(): Promise<void> }>;
};

/** A role as those that run it take it. */
export function role<const Name extends RoleName, All extends Settings>(declared: Role<Name, All>): Role {
  return declared as unknown as Role;
}

const listed = new Intl.ListFormat('en');

/**
 * Runs roles as one process, on real or embedded parts as the environment chooses for each port. Asked for none or
 * for one that is not known, it says which there are.
 */
export async function runRoles(known: readonly Role[], asked: readonly string[]): Promise<void> {
  const roles = known.filter(({ name }) => asked.includes(name));
  const names = roles.map(({ name }) => name);
  await runMain(listed.format(names) || 'process', async (stack) => {
    if (roles.length === 0 || asked.some((name) => !known.some((one) => one.name === name))) {
      throw new BadSettings(`Name what to run, one or more: ${known.map(({ name }) => name).join(', ')}`);
    }
    const listening = roles.filter(({ settings }) => 'PORT' in settings);
    if (listening.length > 1 && Number(process.env['PORT'] || 0) !== 0) {
      const both = listed.format(listening.map(({ name }) => name));
      throw new BadSettings(
        `PORT should be left out, or 0 for any that is free, where ${both} are one process`,
      );
    }
    const own = Object.assign({}, operationsSettings(names), ...roles.map(({ settings }) => settings));
    const chosen = readPorts(names, own as Settings, process.env);
    const operations = await openOperations(stack, names);
    const means = { clock: Date.now, report: toStderr, meter: operations.meter, traces: operations.traces };
    const ports = await openPorts<RoleName>(stack, chosen, {
      ...means,
      application: ['edgewise', ...names].join('-'),
      keeps_views: names.includes('views'),
    });
    const said: string[] = [];
    for (const one of roles) {
      const running = await one.start(ports, { settings: readSettings(one.settings, process.env), ...means });
      stack.defer(() => running.close());
      said.push(running.said);
    }
    operations.ready();
    return said.join('\n');
  });
}
