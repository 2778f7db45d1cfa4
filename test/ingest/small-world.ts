import * as v from 'valibot';
import { onTestFinished } from 'vitest';
import { embeddedAnswers } from '#backing/answers/embedded.ts';
import { objectArchive } from '#backing/archive/in-objects.ts';
import { catalogueSchema, embeddedCatalogue } from '#backing/catalogue/embedded.ts';
import { countersSchema, embeddedCounters } from '#backing/counters/embedded.ts';
import { deletionsSchema, embeddedDeletions } from '#backing/deletions/embedded.ts';
import type { Stores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { embeddedGraph, graphSchema } from '#backing/graph/embedded.ts';
import { embeddedKeys, keysSchema } from '#backing/keys/embedded.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openLog } from '#backing/log/embedded.ts';
import type { Batch, Log, LogRecord, Message } from '#backing/log/port.ts';
import { embeddedProfiles, profilesSchema } from '#backing/profiles/embedded.ts';
import { openDatabase } from '#backing/sqlite.ts';
import { embeddedVectors, vectorsSchema } from '#backing/vectors/embedded.ts';
import { embeddedVersioned, versionedSchema } from '#backing/versioned/embedded.ts';
import { modelKind, placementKind } from '#backing/versioned/kinds.ts';
import { embeddedVersions, versionsSchema } from '#backing/versions/embedded.ts';
import { embeddedViewVersions, viewVersionsSchema } from '#backing/view-versions/embedded.ts';
import { Campaign } from '#contract/campaign.ts';
import { campaignRecord, eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { archiveView } from '../../ingest/views/archive.ts';
import { countersView } from '../../ingest/views/counters.ts';
import { embeddingsView } from '../../ingest/views/embeddings.ts';
import { graphView } from '../../ingest/views/graph.ts';
import { type RunOptions, runViews, type ViewFailure } from '../../ingest/views/run-views.ts';
import type { View } from '../../ingest/views/view.ts';
import { collect } from '../support/dump.ts';
import { memoryObjects } from '../support/memory-objects.ts';

const NOW_MS = Date.parse('2026-11-01T10:00:00.000Z');
export const never = new AbortController().signal;
const accepted_at = new Date(NOW_MS).toISOString();

/** The record of an event as an app would send it. */
export const recordOf = (event: object, tenant_id = 'acme'): Message =>
  eventRecord({ tenant_id, accepted_at, event: v.parse(Event, event) });

/** The record of a campaign, or with null of its deletion. */
export const campaignRecordOf = (campaign_id: string, campaign: object | null, tenant_id = 'acme'): Message =>
  campaignRecord({
    tenant_id,
    accepted_at,
    campaign_id,
    campaign: campaign && v.parse(Campaign, { campaign_id, ...campaign }),
  });

export type WorldOptions = Partial<Parameters<typeof openLog>[0]>;

/** A log and all stores, in memory, gone once `close` is called or the test has finished. Its clock stands still. */
export function openWorld(options: WorldOptions = {}) {
  const clock = () => NOW_MS;
  const log = openLog({ file: ':memory:', clock, ...options });
  const stores = memoryStores(clock);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= log.close().then(() => stores.close());
    return closed;
  };
  onTestFinished(close);
  return { log, stores, clock, close, views: viewsOf({ ...stores, log }) };
}
export type World = ReturnType<typeof openWorld>;

/** As openStores, but for the epochs: room for a million of them takes longer to make than a test to run. */
function memoryStores(clock: () => number): Stores {
  const open = (schema: string) => openDatabase(':memory:', { synchronous: 'normal', schema });
  const views = open(
    [
      catalogueSchema,
      countersSchema,
      profilesSchema,
      versionsSchema,
      viewVersionsSchema,
      deletionsSchema,
    ].join(';'),
  );
  const vectors = open(vectorsSchema);
  const graph = open(graphSchema);
  const control = open([keysSchema, versionedSchema(placementKind), versionedSchema(modelKind)].join(';'));
  const profiles = embeddedProfiles(views);
  return {
    catalogue: embeddedCatalogue(views),
    profiles: profiles.profiles,
    counters: embeddedCounters(views, profiles),
    vectors: embeddedVectors(vectors),
    versions: embeddedVersions(views),
    placements: embeddedVersioned(control, placementKind),
    models: embeddedVersioned(control, modelKind),
    deletions: embeddedDeletions(views),
    viewVersions: embeddedViewVersions(views),
    graph: embeddedGraph(graph),
    answers: embeddedAnswers({ clock, max_epochs: 1000 }),
    apiKeys: embeddedKeys(control),
    archive: objectArchive(memoryObjects()),
    close() {
      views.close();
      vectors.close();
      graph.close();
      control.close();
    },
  };
}

/** All views, over these stores; the archive waits for nothing. */
export function viewsOf({
  counters,
  catalogue,
  vectors,
  graph,
  archive,
  log,
}: Pick<Stores, 'counters' | 'catalogue' | 'vectors' | 'graph' | 'archive'> & { log: Log }): [
  View,
  View,
  View,
  View,
] {
  const { linger_ms: _, ...archiving } = archiveView({ archive, log });
  return [
    countersView({ counters, catalogue }),
    embeddingsView({ embedders: embeddersOf(hashingEmbedder), vectors }),
    graphView({ graph }),
    archiving,
  ];
}

/** What every view holds, by its name. */
export async function dumpsOf({
  counters,
  profiles,
  catalogue,
  vectors,
  graph,
  archive,
}: Stores): Promise<Record<string, string[]>> {
  return {
    counters: await collect(counters.dump()),
    profiles: await collect(profiles.dump()),
    catalogue: await collect(catalogue.dump()),
    vectors: await collect(vectors.dump()),
    graph: await collect(graph.dump()),
    archive: await collect(archive.dump()),
  };
}

/** Runs views until these groups have handled all that is on these topics, then stops them. Gives what failed. */
export async function runToEnd(
  world: World,
  { views = world.views, ...options }: { views?: View[] } & Partial<RunOptions> = {},
  waitFor: readonly string[] = Object.values(groups),
  on: readonly string[] = viewTopics,
): Promise<ViewFailure[]> {
  const failures: ViewFailure[] = [];
  const { log, clock, stores } = world;
  const defaults = {
    log,
    clock,
    answers: stores.answers,
    members: 1,
    onError: (one: ViewFailure) => failures.push(one),
  };
  const running = await runViews(views, { ...defaults, ...options });
  for (const group of waitFor) await caughtUp(log, group, on, never);
  await running.close();
  return failures;
}

/** A batch as a log would hand it over. */
export function batchOf(
  records: readonly LogRecord[],
  { attempt = 1, isStale = () => false, signal = never }: Partial<Batch> = {},
): Batch {
  const { topic, partition } = records[0] as LogRecord;
  return { topic, partition, records, attempt, isStale, signal };
}

/** All records of the topics, by topic and partition, without empty ones. */
export async function partitionsOf(log: Log, names: readonly string[]): Promise<LogRecord[][]> {
  const parts = await Promise.all(
    names.map(async (topic) => {
      const ends = await log.ends(topic, never);
      return Promise.all(
        ends.map((end, partition) => (end ? log.read({ topic, partition, offset: 0 }, end, never) : [])),
      );
    }),
  );
  return parts.flat().filter((records) => records.length > 0);
}
