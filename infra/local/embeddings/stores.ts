import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { PortName } from '#backing/open/ports.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import { embeddedEnvironment } from '../folder/embedded-in.ts';

/** What a switch has to do with. */
export type SwitchStores = { catalogue: Catalogue; vectors: Vectors; versions: Versions; answers: Answers };

/** Where the ports are: in the environment, or in a data folder, which nobody else has meanwhile. */
export type Place = { data: string; services: boolean };

const SWITCH: readonly PortName[] = ['relational', 'vectors', 'answers', 'embedders', 'learnt'];
const ROLL_OUT: readonly PortName[] = [...SWITCH, 'log', 'archive'];

const means = { clock: Date.now, report: toStderr, application: 'edgewise-embeddings' };

/** Opens what a switch needs: so it can be switched back while nothing else can be reached. */
export async function openForSwitch(
  stack: AsyncDisposableStack,
  { data, services }: Place,
): Promise<{ stores: SwitchStores; embedders: Embedders }> {
  const chosen = services
    ? readPorts(['origin'], {}, process.env, SWITCH)
    : readPorts(['gateway', 'views', 'origin'], {}, embeddedEnvironment(data), SWITCH);
  const { relational, switches, vectors, answers, embedders } = await openPorts<'origin'>(
    stack,
    chosen,
    means,
  );
  const stores = { catalogue: relational.catalogue, versions: switches.versions, vectors, answers };
  return { stores, embedders };
}

/** Opens what a version is rolled out by as well. */
export async function openForRollOut(stack: AsyncDisposableStack, { data, services }: Place) {
  const chosen = services
    ? readPorts(['views'], {}, process.env, ROLL_OUT)
    : readPorts(['gateway', 'views', 'origin'], {}, embeddedEnvironment(data), ROLL_OUT);
  const { relational, switches, vectors, answers, embedders, learnt, log, archive } =
    await openPorts<'views'>(stack, chosen, means);
  const { versions, viewVersions } = switches;
  const stores = { catalogue: relational.catalogue, versions, vectors, answers };
  return { stores, embedders, viewVersions, tables: learnt, log, archive };
}
