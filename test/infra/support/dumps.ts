import { openStores } from '#backing/embedded.ts';
import { openFolder } from '#backing/folder.ts';
import { collect } from '../../support/dump.ts';

/** What every view in a data folder holds, line by line. Nobody may have the folder open. */
export async function dumpsOf(data: string): Promise<Record<string, string[]>> {
  const folder = openFolder(data);
  const stores = openStores({ path: folder.path, clock: Date.now });
  try {
    const { catalogue, counters, profiles, vectors } = stores;
    return {
      catalogue: await collect(catalogue.dump()),
      counters: await collect(counters.dump()),
      profiles: await collect(profiles.dump()),
      vectors: await collect(vectors.dump()),
    };
  } finally {
    stores.close();
    folder.close();
  }
}
