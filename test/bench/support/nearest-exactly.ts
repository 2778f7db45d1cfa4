/** The ids of the most similar to each question, among all that it is shown: one after the other, at full width. */
export function nearestExactly(questions: readonly Float32Array[], k: number) {
  const best = questions.map((): { id: string; similarity: number }[] => []);

  function show(id: string, vector: Float32Array): void {
    for (const [at, question] of questions.entries()) {
      let similarity = 0;
      for (let i = 0; i < vector.length; i++) similarity += (vector[i] as number) * (question[i] as number);
      const found = best[at] as (typeof best)[number];
      if (found.length === k && similarity <= (found[k - 1]?.similarity ?? 0)) continue;
      const place = found.findIndex((one) => similarity > one.similarity);
      found.splice(place < 0 ? found.length : place, 0, { id, similarity });
      found.length = Math.min(found.length, k);
    }
  }

  return {
    show,
    /** Which share of them was found, over all questions. */
    recall(found: readonly (readonly string[])[]): number {
      let [hits, all] = [0, 0];
      for (const [at, ids] of found.entries()) {
        const wanted = new Set(best[at]?.map(({ id }) => id));
        hits += ids.filter((id) => wanted.has(id)).length;
        all += wanted.size;
      }
      return hits / all;
    },
  };
}
