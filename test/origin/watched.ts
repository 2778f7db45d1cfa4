import { embeddersOf } from '#backing/embedder/embedders.ts';
import type { Embedder, EmbeddingVersion } from '#backing/embedder/port.ts';
import type { RecommenderOptions } from '../../origin/recommender.ts';

/** How a call is made. */
export type Wrap = <Args extends unknown[], Value>(
  run: (...args: Args) => Promise<Value>,
) => (...args: Args) => Promise<Value>;

/**
 * Ports whose calls are told with the embedding version they carry (`mixed`, where a vector is not of it), and then made as
 * `wrap` says.
 */
export function watched(
  options: RecommenderOptions,
  told: (id: string) => void,
  wrap: Wrap,
): RecommenderOptions {
  const { vectors, profiles, catalogue, counters, versions, embedders } = options;
  const watch = (embedder: Embedder): Embedder => {
    const embed = wrap(embedder.embed);
    return {
      version: embedder.version,
      embed(...args) {
        told(embedder.version.id);
        return embed(...args);
      },
    };
  };
  const [first, ...beside] = embedders.all.map(watch) as [Embedder, ...Embedder[]];
  /** A call that begins with a version. */
  function of<Rest extends unknown[], Value>(
    run: (version: EmbeddingVersion, ...rest: Rest) => Promise<Value>,
  ): typeof run {
    const wrapped = wrap(run);
    return (version, ...rest) => {
      told(version.id);
      return wrapped(version, ...rest);
    };
  }
  /** A search. */
  function by<
    Search extends { version: EmbeddingVersion; vectors: readonly Float32Array[] },
    Rest extends unknown[],
    Value,
  >(run: (search: Search, ...rest: Rest) => Promise<Value>): typeof run {
    const wrapped = wrap(run);
    return (search, ...rest) => {
      const { version, vectors: asked } = search;
      told(asked.every(({ length }) => length === version.dimension) ? version.id : 'mixed');
      return wrapped(search, ...rest);
    };
  }
  return {
    ...options,
    embedders: embeddersOf(first, ...beside),
    profiles: { ...profiles, read: wrap(profiles.read) },
    catalogue: { ...catalogue, all: wrap(catalogue.all) },
    counters: { ...counters, newestImported: wrap(counters.newestImported) },
    versions: { ...versions, current: wrap(versions.current) },
    vectors: {
      ...vectors,
      messages: of(vectors.messages),
      campaign: of(vectors.campaign),
      nearestCampaigns: by(vectors.nearestCampaigns),
      nearestMessages: by(vectors.nearestMessages),
    },
  };
}
