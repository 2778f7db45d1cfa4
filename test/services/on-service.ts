import { test } from 'vitest';

/** A real service that tests need: the variable that has its address, and its name for `npm run services`. */
export type Needed = { name: string; variable: string; up: string };

/**
 * Registers tests that need real services, with their addresses in the order they are named. Where one has none the tests are
 * skipped, and the reason is printed; with EDGEWISE_SERVICES_REQUIRED=1 they fail instead.
 */
export function onServices(needed: readonly Needed[], register: (...addresses: string[]) => void): void {
  const missing = needed.filter(({ variable }) => !process.env[variable]);
  if (missing.length === 0) {
    register(...needed.map(({ variable }) => process.env[variable] as string));
    return;
  }
  const names = missing.map(({ name }) => name).join(', ');
  const variables = missing.map(({ variable }) => variable).join(', ');
  const reason = `set ${variables} (npm run services -- up ${missing.map(({ up }) => up).join(' ')}, then npm run services -- env)`;
  if (process.env['EDGEWISE_SERVICES_REQUIRED'] === '1') {
    test(`${names}: there`, () => {
      throw new Error(reason);
    });
  } else {
    console.warn(`SKIPPED, no ${names}: ${reason}`);
    test.skip(`${names}: there`);
  }
}

/** The same for one service. */
export function onService(needed: Needed, register: (address: string) => void): void {
  onServices([needed], register);
}
