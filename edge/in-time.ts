/** What `inTime` gives where the work was not done in time. */
export const LATE = Symbol('late');

/**
 * What the work gives, or LATE. The work itself goes on: this is for what takes no signal. The timer is the
 * asking request's own, so it fires though the work belongs to a request that was cancelled.
 */
export async function inTime<T>(work: Promise<T>, patience_ms: number): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), patience_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
