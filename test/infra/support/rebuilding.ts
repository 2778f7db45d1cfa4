import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Archive } from '#backing/archive/port.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openPorts, type readPorts } from '#backing/open/open-ports.ts';
import { deletionRecord } from '#contract/envelope.ts';
import { groupOf, groups, topics, type ViewName, viewTopics } from '#contract/topics.ts';
import { versionMaker } from '../../../infra/local/rebuild/maker.ts';
import { dumpedStores, type Rebuilding } from '../../../infra/local/rebuild/rebuilding.ts';
import { noProgress } from '../../../infra/local/terminal/progress.ts';
import { startVersions, type VersionsOptions } from '../../../ingest/versions.ts';
import { archiveView } from '../../../ingest/views/archive.ts';
import { runViews, type ViewFailure } from '../../../ingest/views/run-views.ts';
import { campaignRecordOf, recordOf } from '../../ingest/small-world.ts';
import { collect } from '../../support/dump.ts';

const { signal } = new AbortController();
const WORDS = ['wifi', 'driver', 'kernel', 'sound', 'screen', 'boot', 'grub', 'panel', 'printer', 'battery'];
const word = (at: number) => WORDS[at % WORDS.length];
const CAMPAIGNS = 6;

/** Events of every kind; `at` makes each another one. */
function eventsAt(at: number) {
  const [user_id, other] = [`user-${at % 17}`, `user-${(at * 7) % 17}`];
  const day = String(1 + (at % 28)).padStart(2, '0');
  const common = { user_id, occurred_at: `2026-10-${day}T10:00:00Z`, locale: 'en' };
  const campaign_id = `campaign-${at % CAMPAIGNS}`;
  return [
    {
      ...common,
      type: 'message',
      message_id: `m-${at}`,
      text: `my ${word(at)} breaks the ${word(at * 3 + 1)}`,
      campaign_id: at % 3 ? null : campaign_id,
      reply_to_user_id: at % 4 ? null : other,
      reply_to: at % 5 ? null : `m-${at >> 1}`,
    },
    { ...common, type: 'click', message_id: `c-${at}`, campaign_id },
  ].map((event) => recordOf(event));
}

const campaignAt = (at: number) =>
  campaignRecordOf(`campaign-${at % CAMPAIGNS}`, {
    title: `${word(at)} ${at}`,
    text: `all about the ${word(at + 2)}`,
    tags: [],
    locales: [],
    status: 'active',
    starts_at: null,
    ends_at: null,
    boost: 1,
    attributes: {},
  });

/** Somebody who has said something leaves: their events so far are to be nowhere. */
const deletionAt = (at: number) =>
  deletionRecord({
    tenant_id: 'acme',
    accepted_at: '2026-11-01T10:00:01.000Z',
    deletion: {
      deletion_id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      user_id: `user-${at % 17}`,
    },
  });

/** All parts as they were chosen, with the views running on them, and what a rebuild of one has to do with. */
export async function runningViews(
  chosen: ReturnType<typeof readPorts>,
  others: Partial<VersionsOptions> = {},
) {
  const stack = new AsyncDisposableStack();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= stack.disposeAsync();
    return closed;
  };
  onTestFinished(close);
  const means = { clock: Date.now, report: () => {}, application: `test-${randomUUID().slice(0, 8)}` };
  const ports = await openPorts<'views'>(stack, chosen, means);
  const { log, answers, embedders, archive, switches, viewStores } = ports;
  const failures: ViewFailure[] = [];
  const onError = (failure: ViewFailure) => void failures.push(failure);
  const versions = await startVersions({
    viewStores,
    log,
    answers,
    embedders,
    deletions: switches.deletions,
    clock: Date.now,
    onError,
    ...others,
  });
  stack.defer(() => versions.close());
  const { linger_ms: _, ...view } = archiveView({ archive, log });
  const archiving = await runViews([view], { log, answers, clock: Date.now, members: 1, onError });
  stack.defer(() => archiving.close());

  let appended = 0;
  const append = async (many: number) => {
    const numbers = Array.from({ length: many }, () => appended++);
    await log.append(topics.events, numbers.flatMap(eventsAt), signal);
    const campaigns = numbers.filter((at) => at % 10 === 0).map(campaignAt);
    if (campaigns.length > 0) await log.append(topics.campaigns, campaigns, signal);
  };
  const settled = async (...all: string[]) => {
    for (const group of all) await caughtUp(log, group, viewTopics, signal);
  };

  return {
    ports,
    failures,
    append,
    /** Some of those who have said something leave. */
    leave: () => log.append(topics.events, [1, 2, 3].map(deletionAt), signal),
    archived: () => settled(groups.archive),
    /** Appends for as long as something else is done. */
    async whileEventsArrive<T>(work: () => Promise<T>): Promise<T> {
      let done = false;
      const arriving = (async () => {
        while (!done) {
          await append(3);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })();
      try {
        return await work();
      } finally {
        done = true;
        await arriving;
      }
    },
    rebuilding: (view: ViewName, others: Partial<Rebuilding> = {}): Rebuilding => ({
      ...versionMaker(chosen, means),
      ...{ view, log, archive, answers, embedders, viewStores, signal },
      viewVersions: switches.viewVersions,
      progress: noProgress,
      say() {},
      noticed_ms: 0,
      ...others,
    }),
    /** What versions of a view hold, once all that was appended is in them. */
    async dumps(on: Rebuilding, ...numbers: number[]): Promise<Record<string, string[]>[]> {
      await settled(...numbers.map((version) => groupOf(on.view, version)));
      const all: Record<string, string[]>[] = [];
      for (const version of numbers) {
        const stores = await dumpedStores(on, on.view, version);
        const dumped: Record<string, string[]> = {};
        for (const [name, store] of Object.entries(stores)) dumped[name] = await collect(store.dump());
        all.push(dumped);
      }
      return all;
    },
    close,
  };
}

/** An archive that breaks after so many records. */
export function breaking(archive: Archive, after: number): Archive {
  let left = after;
  return {
    ...archive,
    async *records(stretch, signal) {
      for await (const record of archive.records(stretch, signal)) {
        if (left-- === 0) throw new Error('cut off');
        yield record;
      }
    },
  };
}
