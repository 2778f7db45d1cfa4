import type { DatabaseSync } from 'node:sqlite';
import { openArena } from './embedded/arena.ts';
import { campaignVectors } from './embedded/campaign-vectors.ts';
import { dumpOf } from './embedded/dump.ts';
import { messageVectors } from './embedded/message-vectors.ts';
import { storedVersions } from './embedded/stored-versions.ts';
import type { Vectors } from './port.ts';

export { vectorsSchema } from './embedded/schema.ts';

/** Vectors in SQLite, in bytes; those of the tenants last searched in memory, searched exactly. */
export function embeddedVectors(db: DatabaseSync): Vectors {
  const [versions, arena] = [storedVersions(db), openArena()];
  return {
    ...messageVectors(db, versions, arena),
    ...campaignVectors(db, versions, arena),
    dump: () => dumpOf(db),
  };
}
