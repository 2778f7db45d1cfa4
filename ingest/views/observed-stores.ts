import type { Answers } from '#backing/answers/port.ts';
import type { Archive } from '#backing/archive/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import type { Graph } from '#backing/graph/port.ts';
import type { Log } from '#backing/log/port.ts';
import { type Observed, observedCalls } from '#backing/telemetry/calls.ts';
import type { Vectors } from '#backing/vectors/port.ts';

/** What views ask of the stores they write. */
export type Written = {
  counters: Pick<Counters, 'apply' | 'forget'>;
  catalogue: Pick<Catalogue, 'put'>;
  deletions: Pick<Deletions, 'register'>;
  vectors: Pick<Vectors, 'putMessages' | 'putCampaigns' | 'forget'>;
  graph: Pick<Graph, 'add' | 'forget'>;
  archive: Pick<Archive, 'append' | 'forget'>;
  answers: Pick<Answers, 'raise'>;
  log: Pick<Log, 'append'>;
};

/** The same stores, each call of which is measured, and has a span of its own within its batch's. */
export function observedStores(observed: Observed) {
  const call = observedCalls(observed);
  return {
    counters: (counters: Written['counters']): Written['counters'] => ({
      apply: (events, signal) => call('counters', 'apply', () => counters.apply(events, signal)),
      forget: (people, signal) => call('counters', 'forget', () => counters.forget(people, signal)),
    }),
    catalogue: (catalogue: Written['catalogue']): Written['catalogue'] => ({
      put: (entries, signal) => call('catalogue', 'put', () => catalogue.put(entries, signal)),
    }),
    deletions: (deletions: Written['deletions']): Written['deletions'] => ({
      register: (gone, signal) => call('deletions', 'register', () => deletions.register(gone, signal)),
    }),
    embedder: (embedder: Embedder): Embedder => ({
      ...embedder,
      embed: (texts, signal) => call('embedder', 'embed', () => embedder.embed(texts, signal)),
    }),
    vectors: (vectors: Written['vectors']): Written['vectors'] => ({
      putMessages: (version, rows, signal) =>
        call('vectors', 'put_messages', () => vectors.putMessages(version, rows, signal)),
      putCampaigns: (version, rows, signal) =>
        call('vectors', 'put_campaigns', () => vectors.putCampaigns(version, rows, signal)),
      forget: (people, signal) => call('vectors', 'forget', () => vectors.forget(people, signal)),
    }),
    graph: (graph: Written['graph']): Written['graph'] => ({
      add: (edges, signal) => call('graph', 'add', () => graph.add(edges, signal)),
      forget: (people, signal) => call('graph', 'forget', () => graph.forget(people, signal)),
    }),
    archive: (archive: Written['archive']): Written['archive'] => ({
      append: (entry, signal) => call('archive', 'append', () => archive.append(entry, signal)),
      forget: (people, signal) => call('archive', 'forget', () => archive.forget(people, signal)),
    }),
    answers: (answers: Written['answers']): Written['answers'] => ({
      raise: (owners, signal) => call('answers', 'raise', () => answers.raise(owners, signal)),
    }),
    log: (log: Written['log']): Written['log'] => ({
      append: (topic, messages, signal) =>
        call('log', `append ${topic}`, () => log.append(topic, messages, signal)),
    }),
  };
}
