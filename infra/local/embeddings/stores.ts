import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import { openStores } from '#backing/embedded.ts';
import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { servingIn } from '#backing/open/serving-in.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import { openData } from '../folder/data-folder.ts';

/** What a switch has to do with. */
export type SwitchStores = { catalogue: Catalogue; vectors: Vectors; versions: Versions; answers: Answers };

/** Those of a data folder. Throws FolderInUse while another process has it, whose epochs nobody else can raise. */
export async function embeddedStores(stack: AsyncDisposableStack, data: string): Promise<SwitchStores> {
  const folder = openData(data);
  stack.defer(() => folder.close());
  const stores = openStores({
    path: folder.path,
    clock: Date.now,
    serving: await servingIn(folder),
  });
  stack.defer(() => stores.close());
  return stores;
}

/** Those that the environment chooses for the origin. */
export async function realStores(stack: AsyncDisposableStack): Promise<SwitchStores> {
  const chosen = readPorts(['origin'], {}, process.env, ['relational', 'vectors', 'answers']);
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-embeddings' };
  const { relational, switches, vectors, answers } = await openPorts<'origin'>(stack, chosen, means);
  return { catalogue: relational.catalogue, versions: switches.versions, vectors, answers };
}
