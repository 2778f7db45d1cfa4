import type { Closable } from './port.ts';

/** Services that a tier cannot do without could not be reached. The message names each, and why. */
class ServicesUnreachable extends Error {
  readonly code = 'services_unreachable';
  readonly retryable = true;
}

type Opened<Opening> = {
  [Name in keyof Opening]: Opening[Name] extends Promise<infer Service> ? Service : never;
};

/**
 * Waits for services that are being opened side by side, and has the stack close them. Rejects with
 * ServicesUnreachable, naming all that failed.
 */
export async function openAll<Opening extends Readonly<Record<string, Promise<Closable>>>>(
  stack: AsyncDisposableStack,
  opening: Opening,
): Promise<Opened<Opening>> {
  const names = Object.keys(opening);
  const results = await Promise.allSettled(Object.values(opening));
  const failed: string[] = [];
  const opened: Record<string, Closable> = {};
  results.forEach((result, i) => {
    const name = names[i] as string;
    if (result.status === 'rejected')
      failed.push(`${name} (${result.reason instanceof Error ? result.reason.message : result.reason})`);
    else {
      opened[name] = result.value;
      stack.defer(async () => result.value.close());
    }
  });
  if (failed.length > 0) throw new ServicesUnreachable(`These cannot be reached: ${failed.join(', ')}`);
  return opened as Opened<Opening>;
}
