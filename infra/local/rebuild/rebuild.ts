import type { ViewState } from '#backing/view-versions/port.ts';
import { groupOf } from '#contract/topics.ts';
import { answeringView, type ViewPorts } from '../../../ingest/views/answering.ts';
import { behind, keptUp } from './keeping-up.ts';
import { loadArchive } from './load.ts';
import { checkFollows, type Reach, reachOf } from './reach.ts';
import { change, dumpedStores, NotNow, type Rebuilding } from './rebuilding.ts';
import { switchTo } from './switch.ts';
import { VersionsDiffer, verify } from './verify.ts';

export type RebuildOptions = {
  /** Where the beginning is read: the archive, or the log, which must still have it. */
  from: 'archive' | 'log';
  /** Switches even where the new version differs from the old one, as it does where the old one lost something. */
  accept_differences: boolean;
};

/**
 * Makes a view anew beside itself, from all that was ever accepted, and switches to it; events go on meanwhile. How far
 * it is stands in the row of the view and in the position of the new version's group, so whatever ends it, it can be
 * started again and goes on there. The views must be running. Throws NotNow, HistoryLost, VersionsDiffer, or what a port
 * throws.
 */
export async function rebuild(
  on: Rebuilding,
  { from, accept_differences }: RebuildOptions,
): Promise<ViewState> {
  const { view, viewVersions, signal, say } = on;
  let state = await viewVersions.read(view, signal);
  if (state.beside !== null && state.beside < state.serving)
    throw new NotNow(
      `Version ${state.serving} of ${view} serves already: --finish takes away version ${state.beside}, --rollback goes back to it`,
    );
  if (!state.keeps_up) state = await fill(on, state, from);
  const version = state.beside as number;
  await catchUp(on, groupOf(view, version));
  try {
    const { lines, moving, forgotten } = await compare(on, state);
    say(`${lines} lines were compared, and are equal`);
    if (moving > 0) say(`but for ${moving} that changed from one look to the next`);
    if (forgotten > 0) say(`but for ${forgotten} that those who were forgotten had a part in`);
  } catch (error) {
    if (!accept_differences || !(error instanceof VersionsDiffer)) throw error;
    say(error.message);
  }
  return switchTo(on, state, version);
}

/** Makes the new version, or goes on making it, until the log can hand it what follows. */
async function fill(on: Rebuilding, state: ViewState, from: RebuildOptions['from']): Promise<ViewState> {
  const { view, log, archive, viewStores, embedders, progress, say, signal } = on;
  const reaches = await reachOf(from, { log, archive }, signal);
  const version = state.beside ?? state.newest + 1;
  await on.prepare(view, version);
  let filling = state;
  if (state.beside === null) {
    // Before the row says that there is one: a group without a position would begin where the log does.
    for (const { topic, partition } of reaches)
      await log.moveTo(groupOf(view, version), { topic, partition, offset: 0 }, signal);
    filling = await change(on, state, { beside: version, keeps_up: false, newest: version });
  } else say(`going on with version ${version} of ${view}`);

  const store = (await viewStores.open(view, version)) as ViewPorts[typeof view];
  const one = answeringView({ view, version }, store, { embedders });
  const total = reaches.reduce((sum, { records }) => sum + records, 0);
  const { refused } = await progress(`${view} from the archive`, total, (at) =>
    loadArchive(one, reaches, { log, archive, signal, at }),
  );
  if (refused > 0) say(`${refused} records were not taken, as they were not when they came`);
  await checkFollows(await standing(on, one.group, reaches), log, signal);
  return change(on, filling, { keeps_up: true });
}

async function standing({ log, signal }: Rebuilding, group: string, reaches: readonly Reach[]) {
  const committed = new Map<string, number[]>();
  for (const { topic } of reaches)
    if (!committed.has(topic)) committed.set(topic, await log.committed(group, topic, signal));
  return reaches.map(({ topic, partition }) => ({
    topic,
    partition,
    offset: committed.get(topic)?.[partition] ?? 0,
  }));
}

async function catchUp({ view, log, progress, signal }: Rebuilding, group: string): Promise<void> {
  const { left, done } = await behind(log, group, signal);
  await progress(`${view} from the log`, left, (at) => done(at));
}

/** Both versions, as they are while events go on. */
async function compare(on: Rebuilding, { view, serving, beside }: ViewState) {
  const { log, say, signal } = on;
  const [left, right] = [
    await dumpedStores(on, view, serving),
    await dumpedStores(on, view, beside as number),
  ];
  say(`comparing version ${beside} of ${view} with version ${serving}`);
  return verify(left, right, async () => {
    for (const version of [serving, beside as number]) await keptUp(log, groupOf(view, version), signal);
  });
}
