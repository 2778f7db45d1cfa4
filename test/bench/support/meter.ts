/** What a turn took: in all, of this process's processor, and call by call. */
export type Measured = { took_ms: number; cpu_us: number; calls_ms: number[] };

/** Measures a turn, from when it begins to when it ends. */
export class Meter {
  #begun = process.hrtime.bigint();
  #cpu = process.cpuUsage();
  #calls_ms: number[] = [];
  #measured: Measured | null = null;

  /** Begins anew: what came before was preparation. */
  begin(): void {
    this.#calls_ms = [];
    this.#begun = process.hrtime.bigint();
    this.#cpu = process.cpuUsage();
  }

  /** A call took so many nanoseconds. */
  record(ns: bigint): void {
    this.#calls_ms.push(Number(ns) / 1e6);
  }

  /** Ends it; what comes after is clearing up. A second time it changes nothing. */
  end(): Measured {
    const { user, system } = process.cpuUsage(this.#cpu);
    const took_ms = Number(process.hrtime.bigint() - this.#begun) / 1e6;
    this.#measured ??= { took_ms, cpu_us: user + system, calls_ms: this.#calls_ms };
    return this.#measured;
  }
}
