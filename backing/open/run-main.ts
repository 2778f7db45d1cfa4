import { once } from 'node:events';
import { errorFields, toStderr } from '../http/report.ts';

/**
 * Runs a tier as a process of its own: `start` brings it up, defers to the stack what takes it down, and says
 * that it is up. SIGTERM and SIGINT end it cleanly; where it cannot start, what it opened is closed, and the
 * process exits with 1 and a sentence.
 */
export async function runMain(
  name: string,
  start: (stack: AsyncDisposableStack) => Promise<string>,
): Promise<void> {
  // What Node prints of an error by itself may hold an address with its password.
  for (const accident of ['uncaughtException', 'unhandledRejection'] as const) {
    process.once(accident, (error: unknown) => {
      toStderr({ level: 'fatal', message: `The ${name} has failed`, error: errorFields(error) });
      process.exit(1);
    });
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const stack = new AsyncDisposableStack();
  try {
    console.log(await start(stack));
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } catch (error) {
    process.exitCode = 1;
    const foreseen = error instanceof Error && 'code' in error;
    if (foreseen) console.error(`The ${name} cannot start. ${error.message}`);
    else toStderr({ level: 'fatal', message: `The ${name} cannot start`, error: errorFields(error) });
  } finally {
    await stack.disposeAsync();
  }
}
