import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { RoleName } from '#backing/open/port.ts';
import type { PortName, PortsOf } from '#backing/open/ports.ts';

/**
 * As whom ports are opened: as all of them, for an embedded one allows no other process. They take turns, or are one
 * process.
 */
export const EVERY_ROLE: readonly RoleName[] = ['gateway', 'views', 'origin'];

/** A machine that is busy with something else may answer late: who operates the tiers would start them again. */
const ATTEMPTS = 5;

/** Opens the ports of these roles on what the environment chooses, of them `only` some; the stack closes them. */
export async function openedPorts<Name extends RoleName>(
  stack: AsyncDisposableStack,
  roles: readonly RoleName[],
  only?: readonly PortName[],
): Promise<PortsOf<Name>> {
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-bench' };
  for (let attempt = 1; ; attempt++) {
    const opened = new AsyncDisposableStack();
    try {
      const ports = await openPorts<Name>(opened, readPorts(roles, {}, process.env, only), means);
      stack.use(opened);
      return ports;
    } catch (error) {
      await opened.disposeAsync();
      if (attempt === ATTEMPTS || !(error as { retryable?: boolean }).retryable) throw error;
    }
  }
}
