import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** No embedder of the question's embedding version is configured here. */
class NoEmbedder extends Error {
  readonly code = 'no_embedder';
  readonly retryable = false;
}

/** What is being said now, where the request tells. */
export function contextHydrator(embedders: Pick<Embedders, 'of'>): Hydrator {
  return {
    dependency: 'embedder',
    async hydrate(query, signal) {
      const { request, version } = query;
      if (request.context === null || !version) return {};
      const embedder = embedders.of(version);
      if (!embedder) throw new NoEmbedder(`No embedder of the version ${version.id} is configured`);
      const [vector] = await embedder.embed([request.context], signal);
      return { context: vector?.some((x) => x !== 0) ? vector : null };
    },
  };
}
