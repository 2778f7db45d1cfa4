import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { refuseForeign } from './data-folder.ts';

/** All parts embedded in a data folder, as `npm start` has them; embedders as the environment says. Throws Mendable. */
export function embeddedIn(data: string): ReturnType<typeof readPorts> {
  refuseForeign(data);
  return readPorts(['gateway', 'views', 'origin'], {}, { ...process.env, ...ALL_EMBEDDED, DATA: data });
}
