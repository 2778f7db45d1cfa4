import { SingleBar } from 'cli-progress';

/**
 * Does work of so many parts while telling how far it is: the work calls `at` with how many are done. What it
 * throws is thrown, and nothing is told any more.
 */
export type Progress = <T>(
  what: string,
  total: number,
  work: (at: (done: number) => void) => Promise<T>,
) => Promise<T>;

const LINE_EVERY_MS = 2_000;
const CELLS = 12;

/** A bar on a terminal; elsewhere plain lines, at most one every two seconds, and one at the end. */
export function progressOn(stream: NodeJS.WriteStream, now: () => number = Date.now): Progress {
  return stream.isTTY ? bars(stream, now) : lines(stream, now);
}

/** Tells nobody. */
export const noProgress: Progress = (_what, _total, work) => work(() => {});

function bars(stream: NodeJS.WriteStream, now: () => number): Progress {
  return async (what, total, work) => {
    const began_ms = now();
    const bar = new SingleBar({
      stream,
      hideCursor: true,
      format(_options, { value, progress }) {
        const full = Math.round(progress * CELLS);
        const drawn = '█'.repeat(full) + '░'.repeat(CELLS - full);
        return `${what.padEnd(20)} ${drawn} ${figures(value, total, now() - began_ms)}`;
      },
    });
    bar.start(total, 0);
    try {
      const result = await work((done) => bar.update(done));
      bar.update(total);
      return result;
    } finally {
      // Otherwise its timer would keep the process alive, and the cursor hidden.
      bar.stop();
    }
  };
}

function lines(stream: NodeJS.WriteStream, now: () => number): Progress {
  return async (what, total, work) => {
    const began_ms = now();
    let told_ms = began_ms;
    const tell = (done: number) => {
      told_ms = now();
      stream.write(`${what}: ${figures(done, total, told_ms - began_ms)}\n`);
    };
    const result = await work((done) => {
      if (done < total && now() - told_ms >= LINE_EVERY_MS) tell(done);
    });
    tell(total);
    return result;
  };
}

function figures(done: number, total: number, took_ms: number): string {
  const rate = done / Math.max(took_ms / 1000, 0.001);
  const share = total === 0 ? 100 : Math.floor((100 * done) / total);
  // The first few tell of how long starting took.
  const left = done * 1000 < total ? '' : `, ${duration((total - done) / rate)} left`;
  const time = done < total ? left : `, took ${duration(took_ms / 1000)}`;
  return `${count(done)} of ${count(total)} (${share} %), ${count(Math.round(rate))}/s${time}`;
}

/** A count as a person reads it: `221,592`. */
export const count = (n: number): string => n.toLocaleString('en-US');

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
