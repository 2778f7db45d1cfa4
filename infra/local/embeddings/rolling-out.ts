import type { Archive } from '#backing/archive/port.ts';
import { type Embedders, isFor } from '#backing/embedder/embedders.ts';
import type { LearntTables } from '#backing/embedder/learnt/tables.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import type { Log } from '#backing/log/port.ts';
import type { ViewVersions } from '#backing/view-versions/port.ts';
import { Mendable } from '../terminal/mendable.ts';
import type { Progress } from '../terminal/progress.ts';
import type { SwitchStores } from './stores.ts';

/** What a version of a tenant's embeddings is rolled out by. */
export type RollingOut = {
  tenant_id: string;
  stores: SwitchStores;
  embedders: Embedders;
  viewVersions: ViewVersions;
  tables: Pick<LearntTables, 'add' | 'remove'>;
  log: Log;
  archive: Archive;
  progress: Progress;
  /** Told what is being done, in a sentence. */
  say(line: string): void;
  /** Whether the views run, and so events go on. */
  views_run: boolean;
  /** How long until these make vectors of a table that was added, or none of one that was taken away. */
  noticed_ms: number;
  signal: AbortSignal;
};

/** The embedder of a version that a tenant may have. Throws Mendable. */
export function embedderOf(
  { embedders, tenant_id }: Pick<RollingOut, 'embedders' | 'tenant_id'>,
  id: string,
): Embedder {
  const all = embedders.all.filter((embedder) => isFor(embedder, tenant_id));
  const embedder = all.find(({ version }) => version.id === id);
  if (embedder) return embedder;
  const known = all.map(({ version }) => version.id).join(', ');
  throw new Mendable(
    `No embedder of the version ${id} is configured for ${tenant_id} (EMBEDDER, EMBEDDINGS_… and LEARNT): there is ${known}`,
  );
}

/** Throws Mendable while another version of the view is kept up or made, which would be left without. */
export async function checkAlone({ viewVersions, signal }: RollingOut): Promise<void> {
  const { beside } = await viewVersions.read('embeddings', signal);
  if (beside !== null)
    throw new Mendable(
      `Version ${beside} of the embeddings stands beside the one that serves: npm run rebuild -- --view embeddings --finish`,
    );
}
