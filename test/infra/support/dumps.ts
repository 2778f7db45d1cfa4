import { openStores, type Stores } from '#backing/embedded.ts';
import { openFolder } from '#backing/folder.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import { groups, topics } from '#contract/topics.ts';
import { archiveView } from '../../../ingest/views/archive.ts';
import { runViews } from '../../../ingest/views/run-views.ts';
import { collect } from '../../support/dump.ts';

const { signal } = new AbortController();

/** Lets the archive, which lags behind on purpose, have all that stands on the log. */
async function archiveAll(file: string, { archive, answers }: Stores): Promise<void> {
  const log = openLog({ file });
  const { linger_ms: _, ...view } = archiveView({ archive, log });
  const failures: unknown[] = [];
  const onError = ({ error }: { error: unknown }) => failures.push(error);
  const running = await runViews([view], { log, answers, clock: Date.now, members: 1, onError });
  await caughtUp(log, groups.archive, [topics.events, topics.imports, topics.campaigns], signal);
  await running.close();
  await log.close();
  if (failures.length > 0) throw failures[0];
  for await (const { key, what } of archive.faults(signal)) throw new Error(`${key}: ${what}`);
}

/** What every view in a data folder holds, line by line. Nobody may have the folder open. */
export async function dumpsOf(data: string): Promise<Record<string, string[]>> {
  const folder = openFolder(data);
  const stores = openStores({ path: folder.path, clock: Date.now });
  try {
    await archiveAll(folder.path('log.db'), stores);
    const { catalogue, counters, profiles, vectors, graph, archive } = stores;
    return {
      catalogue: await collect(catalogue.dump()),
      counters: await collect(counters.dump()),
      profiles: await collect(profiles.dump()),
      vectors: await collect(vectors.dump()),
      graph: await collect(graph.dump()),
      archive: await collect(archive.dump()),
    };
  } finally {
    stores.close();
    folder.close();
  }
}
