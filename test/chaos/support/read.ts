import { toStderr } from '#backing/http/report.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import type { Written } from './compare.ts';

/** Opens what processes wrote that have ended; the stack closes it. */
export async function openWritten(
  env: Readonly<Record<string, string>>,
  closing: AsyncDisposableStack,
): Promise<Written> {
  const stores = ['relational', 'vectors', 'graph', 'archive'] as const;
  const chosen = readPorts(['gateway', 'views', 'origin'], {}, env, stores);
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-chaos' };
  const { relational, vectors, graph, archive } = await openPorts<'views'>(closing, chosen, means);
  return { counters: relational.counters, profiles: relational.profiles, vectors, graph, archive };
}
