import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { topics, viewTopics } from '#contract/topics.ts';
import { startViews } from '../../../ingest/start.ts';
import { ROLES } from './ingest-roles.ts';

/** Runs one view, by its group, over all that stands on the log, and tells what that took. */
const [group] = process.argv.slice(2) as [string];

const stack = new AsyncDisposableStack();
const means = { clock: Date.now, report: toStderr, application: 'edgewise-bench' };
const { relational, ...ports } = await openPorts<'views'>(
  stack,
  readPorts(ROLES.views, {}, process.env),
  means,
);
const { signal } = new AbortController();
const ends = await ports.log.ends(topics.events, signal);
const events = ends.reduce((sum, end) => sum + end, 0);
const [begun, before] = [performance.now(), process.cpuUsage()];
const views = await startViews({ ...relational, ...ports, groups: [group] });
await caughtUp(ports.log, group, viewTopics, signal);
const took_s = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(before);
await views.close();
await stack.disposeAsync();
process.send?.({ events, per_s: events / took_s, cpu_us: (user + system) / events });
process.disconnect();
