import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import type { Counted } from '#backing/counters/port.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { openPostgres } from '#backing/postgres/open.ts';
import { postgresProfiles } from '#backing/profiles/postgres.ts';
import type { Campaign } from '#contract/campaign.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { postgres } from '../../infra/services/postgres.ts';
import { embeddedStores } from '../ports/stores.ts';
import { collect } from '../support/dump.ts';
import { type OwnService, ownService } from './own-service.ts';

const { signal } = new AbortController();
const MOMENT = '2026-11-01T10:00:00.000Z';
const SOON = { timeout: 60_000, interval: 5 };
const WRITERS = 4;

const campaign = (campaign_id: string): Campaign => ({
  campaign_id,
  title: 'Wireless',
  text: 'Get it to work',
  tags: [],
  locales: [],
  status: 'active',
  starts_at: null,
  ends_at: null,
  boost: 1,
  attributes: {},
});

/** Of each writer the batches in turn: people and campaigns are shared, so that writers meet in rows. */
function batchOf(which: number, at: number): Counted[] {
  const nothing = { locale: null, recommendation_id: null, placement: null, position: null };
  return Array.from({ length: 20 }, (_, i): Counted => {
    const [message_id, user_id, campaign_id] = [`${which}-${at}-${i}`, `u-${(at + i) % 23}`, `c-${i % 5}`];
    const event: Event = { ...nothing, type: 'click', message_id, user_id, campaign_id, occurred_at: MOMENT };
    return {
      envelope: { v: ENVELOPE_VERSION, tenant_id: 'acme', accepted_at: MOMENT, event },
      imported: true,
    };
  });
}

async function setUp(server: OwnService) {
  const url = server.env['POSTGRES_URL'] as string;
  await migrate({ url, schema: 'edgewise' }, { direction: 'up' });
  const application_name = `test-${randomUUID()}`;
  const pool = openPostgres({ url, schema: 'edgewise', application_name, report: () => {} });
  onTestFinished(() => pool.close());
  return {
    counters: postgresCounters(pool),
    profiles: postgresProfiles(pool),
    catalogue: postgresCatalogue(pool),
  };
}
type Stores = Awaited<ReturnType<typeof setUp>>;

const dumpOf = async ({ counters, profiles, catalogue }: Stores) => ({
  counters: await collect(counters.dump()),
  profiles: await collect(profiles.dump()),
  catalogue: await collect(catalogue.dump()),
});

/** Writes until it is told to end, each batch again until it is acknowledged, as a view does. */
function keepWriting({ counters, profiles, catalogue }: Stores) {
  const failures: unknown[] = [];
  const acknowledged = new Map<string, readonly Counted[]>();
  let over = false;
  const sure = async (work: () => Promise<unknown>) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        failures.push(error);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  const write = async (which: number) => {
    for (let at = 0; !over; at++) {
      const batch = batchOf(which, at);
      await sure(() => counters.apply(batch, signal));
      acknowledged.set(`${which}-${at}`, batch);
      const entry = { tenant_id: 'acme', campaign_id: `c-${at % 9}`, version: WRITERS * at + which };
      await sure(() => catalogue.put([{ ...entry, campaign: campaign(entry.campaign_id) }], signal));
      await sure(async () => {
        const { engaged } = await profiles.read('acme', `u-${at % 23}`, signal);
        expect(engaged.size).toBeGreaterThan(0);
      });
    }
    return over;
  };
  const all = Promise.all(Array.from({ length: WRITERS }, (_, which) => write(which)));
  return {
    failures,
    acknowledged,
    more: (count: number) => {
      const goal = acknowledged.size + count;
      return vi.waitFor(() => expect(acknowledged.size).toBeGreaterThanOrEqual(goal), SOON);
    },
    async end() {
      over = true;
      await all;
    },
  };
}

/** SIGQUIT is what `pg_ctl stop -m immediate` sends. */
test.for(['SIGKILL', 'SIGQUIT'] as const)(
  'a server ended by %s under load, twice: what fails has a code, nothing acknowledged is lost, nothing counts twice',
  async (by, { skip }) => {
    const server = await ownService(postgres, skip);
    const stores = await setUp(server);
    const writing = keepWriting(stores);
    for (let time = 1; time <= 2; time++) {
      await writing.more(60);
      const before = writing.failures.length;
      await server.end(by);
      await vi.waitFor(() => expect(writing.failures.length).toBeGreaterThan(before), SOON);
      await server.start();
    }
    await writing.more(60);
    await writing.end();
    for (const error of writing.failures)
      expect(error).toMatchObject({ code: 'postgres_unavailable', retryable: true });

    const embedded = await embeddedStores();
    for (const batch of writing.acknowledged.values()) await embedded.counters.apply(batch, signal);
    const { counters, profiles } = await dumpOf(stores);
    expect(counters).toEqual(await collect(embedded.counters.dump()));
    expect(profiles).toEqual(await collect(embedded.profiles.dump()));
    expect(await stores.catalogue.all('acme', signal)).toHaveLength(9);
  },
);
