import type { ErrorHandler, NotFoundHandler } from 'hono';
import { asProblem, Problem } from '#contract/problem.ts';
import { BadSignature } from '#contract/signature.ts';
import { errorFields, type Report, toStderr } from './report.ts';

/**
 * Answers what a handler threw as problem details. What nobody foresaw, and every other problem of ours that
 * has a cause, is reported in one line; what the caller can mend is not.
 */
export function answerErrors(report: Report = toStderr): ErrorHandler {
  return (error, c) => {
    const problem =
      error instanceof BadSignature
        ? new Problem('unauthenticated', error.message, { extra: { code: error.code } })
        : asProblem(error);
    const gone = c.req.raw.signal.aborted;
    if (problem.status >= 500 && problem.cause !== undefined && !gone) {
      const { method, path } = c.req;
      report({
        level: 'error',
        message: 'request failed',
        method,
        path,
        kind: problem.kind,
        error: errorFields(problem.cause),
      });
    }
    return problem.toResponse(c.req.path);
  };
}

/** Answers an address that is none of ours. */
export const noSuchRoute: NotFoundHandler = (c) =>
  new Problem('not-found', 'There is nothing at this address').toResponse(c.req.path);

/** A handler for the other methods of an address. */
export function onlyMethods(...methods: string[]): () => never {
  return () => {
    throw new Problem('method-not-allowed', `This address takes ${methods.join(' and ')}`, {
      headers: { Allow: methods.join(', ') },
    });
  };
}
