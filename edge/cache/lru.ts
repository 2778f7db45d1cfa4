export type LruOptions<Value> = {
  /** What all that is held may weigh together. */
  most: number;
  /** What an entry weighs; 1 where nothing is said, so that `most` counts entries. */
  weigh?(value: Value, key: string): number;
  /** Told of an entry that has gone: deleted, or forced out by others. Not of one that was replaced. */
  onGone?(value: Value, key: string): void;
};

/**
 * Holds what was lately used: at a set that would weigh too much, what was used longest ago goes first. An entry that
 * alone weighs too much is not held. The library for this weighs 19 KiB in the Worker, a tenth of all.
 */
export class Lru<Value> {
  /** The least lately used first, as a Map keeps them. */
  readonly #entries = new Map<string, { value: Value; weight: number }>();
  readonly #options: LruOptions<Value>;
  #weight = 0;

  constructor(options: LruOptions<Value>) {
    this.#options = options;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Whether it is held now; asking does not count as use. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  set(key: string, value: Value): void {
    const { most, weigh } = this.#options;
    const weight = weigh ? weigh(value, key) : 1;
    if (weight > most) {
      this.delete(key);
      return;
    }
    const before = this.#entries.get(key);
    if (before) {
      this.#entries.delete(key);
      this.#weight -= before.weight;
    }
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= most) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
    this.#options.onGone?.(entry.value, key);
  }
}
