import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Embedders } from '#backing/embedder/embedders.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import type { Graph } from '#backing/graph/port.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Models, Placements } from '#backing/versioned/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import type { Guard } from './guard.ts';

/** What answers ask, and no more: what is learnt behind them has time, and neither fills nor trips a guard. */
export type Asked = {
  catalogue: Pick<Catalogue, 'all'>;
  versions: Pick<Versions, 'current'>;
  placements: Pick<Placements, 'of'>;
  models: Pick<Models, 'of'>;
  counters: Pick<Counters, 'daily' | 'tens' | 'newestImported'>;
  profiles: Pick<Profiles, 'read' | 'impressions'>;
  vectors: Pick<Vectors, 'messages' | 'campaign' | 'nearestCampaigns' | 'nearestMessages'>;
  graph: Pick<Graph, 'neighbours'>;
  embedders: Pick<Embedders, 'of' | 'usual'>;
};

/** The stores that answers are made of, each behind the guard of its name. */
export function guardedStores(stores: Asked, guardOf: (dependency: string) => Guard): Asked {
  const { catalogue, versions, placements, models, counters, profiles, vectors, graph, embedders } = stores;
  const of = {
    catalogue: guardOf('catalogue'),
    counters: guardOf('counters'),
    profiles: guardOf('profiles'),
    vectors: guardOf('vectors'),
    graph: guardOf('graph'),
    embedder: guardOf('embedder'),
  };
  const embedderOf = (embedder: Embedder): Embedder => ({
    version: embedder.version,
    embed: (texts, signal) => of.embedder.run('embed', signal, (s) => embedder.embed(texts, s)),
  });
  return {
    catalogue: {
      all: (tenant_id, signal) => of.catalogue.run('all', signal, (s) => catalogue.all(tenant_id, s)),
    },
    versions: {
      current: (tenant_id, signal) =>
        of.catalogue.run('version', signal, (s) => versions.current(tenant_id, s)),
    },
    placements: {
      of: (tenant_id, which, signal) =>
        of.catalogue.run('placements', signal, (s) => placements.of(tenant_id, which, s)),
    },
    models: {
      of: (tenant_id, which, signal) =>
        of.catalogue.run('models', signal, (s) => models.of(tenant_id, which, s)),
    },
    counters: {
      daily: (tenant_id, from, to, signal) =>
        of.counters.run('daily', signal, (s) => counters.daily(tenant_id, from, to, s)),
      tens: (tenant_id, from, to, signal) =>
        of.counters.run('tens', signal, (s) => counters.tens(tenant_id, from, to, s)),
      newestImported: (tenant_id, signal) =>
        of.counters.run('newest_imported', signal, (s) => counters.newestImported(tenant_id, s)),
    },
    profiles: {
      read: (tenant_id, user_id, signal) =>
        of.profiles.run('read', signal, (s) => profiles.read(tenant_id, user_id, s)),
      impressions: (tenant_id, user_id, signal) =>
        of.profiles.run('impressions', signal, (s) => profiles.impressions(tenant_id, user_id, s)),
    },
    vectors: {
      messages: (version, tenant_id, user_id, ids, signal) =>
        of.vectors.run('messages', signal, (s) => vectors.messages(version, tenant_id, user_id, ids, s)),
      campaign: (version, tenant_id, campaign_id, signal) =>
        of.vectors.run('campaign', signal, (s) => vectors.campaign(version, tenant_id, campaign_id, s)),
      nearestCampaigns: (search, signal) =>
        of.vectors.run('nearest_campaigns', signal, (s) => vectors.nearestCampaigns(search, s)),
      nearestMessages: (search, signal) =>
        of.vectors.run('nearest_messages', signal, (s) => vectors.nearestMessages(search, s)),
    },
    graph: {
      neighbours: (query, signal) => of.graph.run('neighbours', signal, (s) => graph.neighbours(query, s)),
    },
    embedders: {
      usual: embedders.usual,
      of(version) {
        const embedder = embedders.of(version);
        return embedder && embedderOf(embedder);
      },
    },
  };
}

/** The cache of answers and epochs behind its guard. */
export function guardedAnswers(
  answers: Pick<Answers, 'read' | 'get' | 'put'>,
  guard: Guard,
): Pick<Answers, 'read' | 'get' | 'put'> {
  return {
    read: (tenant_id, user_id, signal) =>
      guard.run('read', signal, (s) => answers.read(tenant_id, user_id, s)),
    get: (owner, key, signal) => guard.run('get', signal, (s) => answers.get(owner, key, s)),
    put: (owner, key, answer, signal) => guard.run('put', signal, (s) => answers.put(owner, key, answer, s)),
  };
}

/** Single campaigns behind the catalogue's guard. */
export function guardedCatalogue(catalogue: Pick<Catalogue, 'get'>, guard: Guard): Pick<Catalogue, 'get'> {
  return {
    get: (tenant_id, campaign_id, signal) =>
      guard.run('get', signal, (s) => catalogue.get(tenant_id, campaign_id, s)),
  };
}
