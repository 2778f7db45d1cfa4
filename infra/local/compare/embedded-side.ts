import { openFolder } from '#backing/folder.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { readKeys } from '../folder/keys.ts';
import { startStack } from '../stack/stack.ts';
import { ARCHIVE_LINGER_MS, type Side } from './side.ts';

/** The embedded parts, in a folder that goes with all that they made. */
export async function embeddedSide(data: string): Promise<Side> {
  const keys = await readKeys(data);
  const folder = openFolder(data);
  try {
    const ports = { gateway: 0, origin: null };
    const { gateway_url, log, stores, standing, close } = await startStack({
      folder,
      keys,
      clock: Date.now,
      ports,
      archive_linger_ms: ARCHIVE_LINGER_MS,
    });
    return {
      name: `the embedded parts in ${data}`,
      keys,
      gateway_url,
      stores,
      standing,
      archived: (signal) => caughtUp(log, groups.archive, viewTopics, signal),
      async close() {
        await close();
        folder.close();
      },
      remove: async () => {},
    };
  } catch (error) {
    folder.close();
    throw error;
  }
}
