import type { Embedder } from '#backing/embedder/port.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** What is being said now, where the request tells. */
export function contextHydrator(embedder: Embedder): Hydrator {
  return {
    dependency: 'embedder',
    async hydrate(query, signal) {
      if (query.request.context === null) return;
      const [vector] = await embedder.embed([query.request.context], signal);
      query.context = vector?.some((x) => x !== 0) ? vector : null;
    },
  };
}
