/** Kafka's names of the requests that keep a member in its group. */
const KEEPING = new Set(['Heartbeat', 'SyncGroup']);

/**
 * How long the coordinator surely holds a member to be alive: the session's length from when the last request
 * that it confirmed was sent. Not from when the confirmation was seen: a process that stood still in between
 * would find it in its socket, and take for fresh what is long over.
 */
export class Lease {
  readonly #session_ms: number;
  #sent_ms = Number.NEGATIVE_INFINITY;
  #since_ms = Number.NEGATIVE_INFINITY;

  constructor(session_ms: number) {
    this.#session_ms = session_ms;
  }

  /** The coordinator has answered a request, somehow, so long after it was sent. */
  answered(request: string, age_ms: number): void {
    if (KEEPING.has(request)) this.#sent_ms = performance.now() - age_ms;
  }

  /** The answer was that all is well. */
  confirmed(): void {
    this.#since_ms = this.#sent_ms;
  }

  isOver(): boolean {
    return performance.now() - this.#since_ms >= this.#session_ms;
  }
}
