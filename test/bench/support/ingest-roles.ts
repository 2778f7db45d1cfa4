import type { RoleName } from '#backing/open/port.ts';

const embedded = process.env['LOG'] === 'embedded';

/** As whom the ports are opened: embedded ones allow no other process, so as all of them, one after the other. */
export const ROLES: Readonly<Record<'log' | 'views', readonly RoleName[]>> = {
  log: embedded ? ['gateway', 'views', 'origin'] : ['gateway'],
  views: embedded ? ['gateway', 'views', 'origin'] : ['views'],
};
