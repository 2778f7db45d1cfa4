import { caughtUp } from '#backing/log/caught-up.ts';
import { topics, viewTopics } from '#contract/topics.ts';
import { startViews } from '../../../ingest/start.ts';
import { EVERY_ROLE, openedPorts } from './opened-ports.ts';

/** Runs one view, by its group, over all that stands on the log, for so long at most, and tells what that took. */
const [group, most_ms] = process.argv.slice(2) as [string, string];
/** All of it is there already: nothing has to be waited for but the last of each partition. */
const LINGER_MS = 100;

const stack = new AsyncDisposableStack();
const { relational, ...ports } = await openedPorts<'views'>(stack, EVERY_ROLE);
const { signal } = new AbortController();
const sum = (offsets: readonly number[]) => offsets.reduce((all, offset) => all + offset, 0);
const total = sum(await ports.log.ends(topics.events, signal));
const [begun, before] = [performance.now(), process.cpuUsage()];
const views = await startViews({
  ...relational,
  ...ports.switches,
  ...ports,
  groups: [group],
  archive_linger_ms: LINGER_MS,
});
const limit = AbortSignal.timeout(Number(most_ms));
await caughtUp(ports.log, group, viewTopics, limit).catch((error) => {
  if (!limit.aborted) throw error;
});
const took_s = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(before);
const events = limit.aborted ? sum(await ports.log.committed(group, topics.events, signal)) : total;
await views.close();
await stack.disposeAsync();
process.send?.({ events, of: total, per_s: events / took_s, cpu_us: (user + system) / events });
process.disconnect();
