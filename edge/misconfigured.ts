import { Problem } from '#contract/problem.ts';
import { BadConfiguration } from './config.ts';
import type { Log } from './log.ts';
import { problemResponse } from './respond.ts';

/** Stands in for an application that cannot be built: says so once in the log, and to each request. */
export function misconfigured(
  error: unknown,
  log: Log,
): { fetch(request: Request): Response; everyMinute(): Promise<never>; deliver(): Promise<never> } {
  if (!(error instanceof BadConfiguration)) throw error;
  log({ level: 'error', event: 'misconfigured', fields: error.fields, detail: error.message });
  const problem = new Problem(
    'internal',
    `The configuration of the edge is wrong: ${error.fields.join(', ')}`,
  );
  const reject = () => Promise.reject(error);
  return { fetch: (request) => problemResponse(problem, request), everyMinute: reject, deliver: reject };
}
