/** Keeps a sample of equal chances of all that it is shown, by a fixed sequence (Vitter's algorithm R). */
export function sampleOf<Item>(most: number) {
  const kept: Item[] = [];
  let [seen, state] = [0, 1];
  return {
    kept,
    show(item: Item) {
      seen++;
      if (kept.length < most) {
        kept.push(item);
        return;
      }
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const place = Math.floor((state / 2 ** 32) * seen);
      if (place < most) kept[place] = item;
    },
  };
}
