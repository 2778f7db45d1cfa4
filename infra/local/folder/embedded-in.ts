import { readPorts } from '#backing/open/open-ports.ts';
import { refuseForeign } from './data-folder.ts';

const EMBEDDED = {
  LOG: 'embedded',
  RELATIONAL: 'embedded',
  VECTORS: 'embedded',
  GRAPH: 'embedded',
  ANSWERS: 'embedded',
  KEY_STORE: 'embedded',
  ARCHIVE: 'embedded',
};

/** All parts embedded in a data folder, as `npm start` has them; embedders as the environment says. Throws Mendable. */
export function embeddedIn(data: string): ReturnType<typeof readPorts> {
  refuseForeign(data);
  return readPorts(['gateway', 'views', 'origin'], {}, { ...process.env, ...EMBEDDED, DATA: data });
}
