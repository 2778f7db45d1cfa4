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

  offer(slot: number, score: number): void {
    const { slots, scores } = this;
    let place = slots.length;
    while (place > 0 && this.#isBehind(place - 1, slot, score)) place--;
    if (place === this.#k) return;
    slots.splice(place, 0, slot);
    scores.splice(place, 0, score);
    if (slots.length > this.#k) {
      slots.pop();
      scores.pop();
    }
    if (slots.length === this.#k) this.least = scores[this.#k - 1] as number;
  }

  #isBehind(place: number, slot: number, score: number): boolean {
    const theirs = this.scores[place] as number;
    return (
      theirs < score || (theirs === score && this.#keyOf(slot) < this.#keyOf(this.slots[place] as number))
    );
  }
}
