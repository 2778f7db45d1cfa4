import type { Batch } from './port.ts';

/** A batch on its way, and whom to tell how it went. */
export type Delivery = { batch: Batch; done(): void; failed(error: unknown): void };

export type MemberOptions = {
  handle(batch: Batch): Promise<void>;
  /** What is to be handled next; null when there is nothing for now, until it is woken again. */
  next(): Delivery | null;
};

/** Handles one batch after the other, and gives the event loop its turn in between. */
export class Member {
  readonly #handle: MemberOptions['handle'];
  readonly #next: MemberOptions['next'];
  #busy: Promise<void> | null = null;
  #scheduled = false;
  #stopped = false;

  constructor({ handle, next }: MemberOptions) {
    this.#handle = handle;
    this.#next = next;
  }

  /** There may be something to handle. */
  wake(): void {
    if (this.#scheduled || this.#busy || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Takes no further batch; resolves once the one in hand has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#busy;
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const delivery = this.#next();
    if (delivery) this.#busy = this.#deliver(delivery);
  }

  async #deliver({ batch, done, failed }: Delivery): Promise<void> {
    try {
      await Promise.try(this.#handle, batch);
      done();
    } catch (error) {
      failed(error);
    } finally {
      this.#busy = null;
      this.wake();
    }
  }
}
