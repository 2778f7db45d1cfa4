import type { Context } from './context.ts';

const AGAIN_MS = 5_000;

/** Says what is begun, and every few seconds that it still goes on. Gives how long it took in ms. */
export async function telling(
  { tell }: Context,
  name: string,
  what: string,
  work: () => Promise<void>,
): Promise<number> {
  const began_ms = performance.now();
  const took_ms = () => performance.now() - began_ms;
  tell(name, what);
  const again = setInterval(() => tell(name, `${what} (${seconds(took_ms())} so far)`), AGAIN_MS);
  try {
    await work();
    return took_ms();
  } finally {
    clearInterval(again);
  }
}

/** `3.2 s`; from ten seconds on without the tenths. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
