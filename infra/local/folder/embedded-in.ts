import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import type { Environment } from '#backing/settings.ts';
import { refuseForeign } from './data-folder.ts';

/** What chooses all parts embedded in a data folder, as `npm start` has them; embedders as the environment says. Throws Mendable. */
export function embeddedEnvironment(data: string): Environment {
  refuseForeign(data);
  return { ...process.env, ...ALL_EMBEDDED, DATA: data };
}

/** The parts that it chooses, for all that they are used by. Throws Mendable. */
export function embeddedIn(data: string): ReturnType<typeof readPorts> {
  return readPorts(['gateway', 'views', 'origin'], {}, embeddedEnvironment(data));
}
