import type { Report } from '#backing/http/report.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import type { Measures } from '../measures.ts';
import { type Guard, openGuard } from './guard.ts';

/**
 * The guards of a process, each opened when it is first asked for: one a dependency, whoever asks. What is left alone,
 * and what is back, is reported.
 */
export function openGuards(options: {
  /** How long a call may take that finds out whether a dependency is back. */
  probe_ms: number;
  measures: Measures;
  report: Report;
  traces?: Traces | undefined;
}): (dependency: string) => Guard {
  const { probe_ms, measures, report, traces = noTraces } = options;
  const { observer } = measures;
  const guards = new Map<string, Guard>();
  return (dependency) => {
    const known = guards.get(dependency);
    if (known) return known;
    const guard = openGuard({
      dependency,
      probe_ms,
      span: traces.span,
      observer: {
        called: observer.called,
        changed(_, state) {
          const message = state === 'open' ? 'a dependency is left alone' : 'a dependency is back';
          report({ level: state === 'open' ? 'warn' : 'info', message, dependency });
          observer.changed(dependency, state);
        },
      },
    });
    observer.changed(dependency, 'closed');
    guards.set(dependency, guard);
    return guard;
  };
}
