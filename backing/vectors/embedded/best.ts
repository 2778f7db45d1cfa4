/** The k best of what is offered, best first; of equal ones those whose key sorts first. */
export class Best {
  readonly slots: number[] = [];
  readonly scores: number[] = [];
  /** What something has to score to be among them now. */
  least: number;
  readonly #k: number;
  readonly #keyOf: (slot: number) => string;

  constructor(k: number, keyOf: (slot: number) => string) {
    this.#k = k;
    this.#keyOf = keyOf;
    this.least = k > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** Those behind it move up by one, the last of too many out. */
  offer(slot: number, score: number): void {
    const { slots, scores } = this;
    let place = slots.length;
    if (place === this.#k) {
      if (place === 0 || !this.#isBehind(place - 1, slot, score)) return;
      place--;
    }
    for (; place > 0 && this.#isBehind(place - 1, slot, score); place--) {
      slots[place] = slots[place - 1] as number;
      scores[place] = scores[place - 1] as number;
    }
    slots[place] = slot;
    scores[place] = score;
    if (slots.length === this.#k) this.least = scores[this.#k - 1] as number;
  }

  #isBehind(place: number, slot: number, score: number): boolean {
    const theirs = this.scores[place] as number;
    return (
      theirs < score || (theirs === score && this.#keyOf(slot) < this.#keyOf(this.slots[place] as number))
    );
  }
}
