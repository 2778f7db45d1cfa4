import type { DatabaseSync } from 'node:sqlite';
import { openArena } from './embedded/arena.ts';
import { campaignVectors } from './embedded/campaign-vectors.ts';
import { dropVersion } from './embedded/drop-old.ts';
import { dumpOf } from './embedded/dump.ts';
import { messageVectors } from './embedded/message-vectors.ts';
import { addRests } from './embedded/schema.ts';
import { storedVersions } from './embedded/stored-versions.ts';
import type { Vectors } from './port.ts';

export { vectorsSchema } from './embedded/schema.ts';

/** Vectors in SQLite, in bytes; those of the tenants last searched in memory, searched exactly. */
export function embeddedVectors(db: DatabaseSync): Vectors {
  addRests(db);
  const [versions, arena] = [storedVersions(db), openArena()];
  const { letGo: letMessagesGo, ...messages } = messageVectors(db, versions, arena);
  const { letGo: letCampaignsGo, ...campaigns } = campaignVectors(db, versions, arena);
  return {
    ...messages,
    ...campaigns,
    async dropVersion(id, signal) {
      await dropVersion(db, id, signal);
      versions.forget(id);
      letMessagesGo();
      letCampaignsGo();
    },
    dump: () => dumpOf(db),
  };
}
