import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Counted } from '#backing/counters/port.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import type { Postgres } from '#backing/postgres/open.ts';
import { postgresProfiles } from '#backing/profiles/postgres.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import { countersContract } from '../ports/counters.contract.ts';
import { forgettingCounters } from '../ports/forgetting.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { eventArb, eventArbOf, instantArb, ODD_IDS, shuffles } from '../support/arbitraries.ts';
import { collect, newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import {
  activity,
  bystander,
  emptyPostgres,
  migratedSchema,
  onPostgres,
  poolOn,
  throughProxy,
  waitingForLock,
} from './postgres.ts';

const { signal } = new AbortController();
const MOMENT = '2026-11-01T10:00:00.000Z';
const ALL_DAYS = ['0000-01-01', '9999-12-31'] as const;

const stores = (postgres: Postgres) => ({
  counters: postgresCounters(postgres),
  profiles: postgresProfiles(postgres),
});

function counted(tenant_id: string, event: Event, accepted_at = MOMENT, imported = false): Counted {
  return { envelope: { v: ENVELOPE_VERSION, tenant_id, accepted_at, event }, imported };
}

function click(message_id: string, user_id = 'u', campaign_id = 'c'): Event {
  const nothing = { locale: null, recommendation_id: null, placement: null, position: null };
  return { ...nothing, type: 'click', message_id, user_id, campaign_id, occurred_at: MOMENT };
}

/** What is there of a batch, in all tables. */
async function everything(postgres: Postgres): Promise<string[]> {
  const { counters, profiles } = stores(postgres);
  return [...(await collect(counters.dump())), ...(await collect(profiles.dump()))];
}

onPostgres(() => {
  countersContract({ name: 'postgres', open: async () => stores(await emptyPostgres()) });
  forgettingCounters({ name: 'postgres', open: async () => stores(await emptyPostgres()), runs: 40 });

  describe('counters in PostgreSQL', () => {
    test('whatever the events and their batches, the dumps are those of the embedded adapter', async () => {
      const [real, embedded] = [stores(await emptyPostgres()), await embeddedStores()];
      const lines = (['counters', 'profiles'] as const).map((store) => ({
        ours: newLines(() => real[store].dump()),
        theirs: newLines(() => embedded[store].dump()),
      }));
      const near = eventArbOf({
        user_id: fc.constantFrom(...ODD_IDS),
        message_id: fc.constantFrom('m-1', 'm-2', 'a,b'),
        campaign_id: fc.constantFrom(...ODD_IDS),
      });
      const accepted_at = instantArb('2026-08-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z');
      const deliveries = fc
        .array(fc.record({ event: fc.oneof(near, eventArb), accepted_at, imported: fc.boolean() }))
        .chain(shuffles);
      await fc.assert(
        fc.asyncProperty(deliveries, async (batches) => {
          const tenant = newTenant();
          for (const items of batches) {
            const batch = items.map((one) => counted(tenant, one.event, one.accepted_at, one.imported));
            const applied = await real.counters.apply(batch, signal);
            expect(applied).toEqual(await embedded.counters.apply(batch, signal));
          }
          for (const { ours, theirs } of lines) expect(await ours()).toEqual(await theirs());
        }),
      );
    });

    test('live and imported, in opposite orders, by many writers at once: each event is counted once, and nobody locks anybody out', async () => {
      const [schema, tenants] = [await migratedSchema(), [newTenant(), newTenant()]];
      const writers = [0, 1, 2, 3].map(() => poolOn(schema));
      const events = Array.from({ length: 2_000 }, (_, at) =>
        click(`m-${at}`, `u-${at % 97}`, `c-${at % 7}`),
      );
      // In two months, so that no partition alone could tell that an identity is there twice.
      const copies = [false, true].map((imported) => {
        const accepted_at = imported ? '2026-12-01T00:00:00.000Z' : MOMENT;
        return tenants.flatMap((tenant) => events.map((one) => counted(tenant, one, accepted_at, imported)));
      }) as [Counted[], Counted[]];
      let sum = 0;
      const write = async ({ postgres }: (typeof writers)[number], which: number) => {
        const own = which % 2 ? copies[0] : copies[1].reverse();
        for (let from = 0; from < own.length; from += 150) {
          // Batches overlap with each other as well.
          const applied = await stores(postgres).counters.apply(own.slice(from, from + 200), signal);
          sum += applied.counted;
        }
      };
      await Promise.all(writers.map(write));
      expect(sum).toBe(2 * events.length);
      expect(writers.flatMap(({ reports }) => reports)).toEqual([]);
      const { counters } = stores(poolOn(schema).postgres);
      for (const tenant of tenants) {
        const daily = await counters.daily(tenant, ...ALL_DAYS, signal);
        expect(daily.reduce((total, { count }) => total + count, 0)).toBe(events.length);
      }
    });

    test('people who meet the same campaigns: their writers share the rows among them, and write them in one order', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      // More writers than shards, so that some meet in one.
      const writers = Array.from({ length: 12 }, (_, which) => which);
      const { postgres, application_name, reports } = poolOn(schema, { connections: writers.length });
      const { counters } = stores(postgres);
      const campaigns = Array.from({ length: 300 }, (_, at) => `c-${at}`);
      const writeAll = (round: number) =>
        writers.map((which) => {
          const own = which % 2 ? campaigns : [...campaigns].reverse();
          const batch = own.map((id) => counted(tenant, click(`${id}-${round}`, `u-${which}`, id)));
          return counters.apply(batch, signal);
        });
      await Promise.all(writeAll(1));
      const { rows } = await by.query(`SELECT count(DISTINCT shard)::int AS shards FROM ${schema}.daily`);
      expect(rows[0].shards).toBeGreaterThan(1);

      // All are stopped half way, each with rows that it has written.
      await by.query(`BEGIN; SELECT FROM ${schema}.daily WHERE campaign_id = 'c-150' FOR UPDATE`);
      const second = Promise.all(writeAll(2));
      await waitingForLock(by, application_name, writers.length);
      await by.query('ROLLBACK');
      await second;
      expect(reports).toEqual([]);
      const daily = await counters.daily(tenant, ...ALL_DAYS, signal);
      expect(new Set(daily.map(({ count }) => count))).toEqual(new Set([writers.length * 2]));
      expect(daily).toHaveLength(campaigns.length);
    });

    test('a dump of many pages is of one moment, whatever is written meanwhile', async () => {
      const [postgres, tenant] = [await emptyPostgres(), newTenant()];
      const { counters, profiles } = stores(postgres);
      const write = (run: number) => {
        const ids = Array.from({ length: 2_500 }, (_, at) => `${at}-${run}`);
        const batch = ids.map((id) => counted(tenant, click(id, `u-${id}`, `c-${id}`), MOMENT, true));
        return counters.apply(batch, signal);
      };
      await write(1);
      for (const store of [counters, profiles]) {
        const before = await collect(store.dump());
        const dump = store.dump()[Symbol.asyncIterator]();
        const meanwhile = [(await dump.next()).value as string];
        await write(before.length);
        for (let next = await dump.next(); !next.done; next = await dump.next()) meanwhile.push(next.value);
        expect(meanwhile).toEqual(before);
      }
    });

    test('an event accepted in one month and again in another is counted once', async () => {
      const [postgres, tenant] = [await emptyPostgres(), newTenant()];
      const { counters } = stores(postgres);
      const months = ['2031-01-31T23:59:59.999Z', '2031-02-01T00:00:00.000Z', '2030-12-15T00:00:00.000Z'];
      const results = [];
      for (const accepted_at of months) {
        results.push(await counters.apply([counted(tenant, click('m'), accepted_at)], signal));
      }
      expect(results.map(({ counted, repeated }) => [counted, repeated])).toEqual([
        [1, 0],
        [0, 1],
        [0, 1],
      ]);
    });

    test('a month that nobody made ready is made by all who need it at once', async () => {
      const [schema, tenant] = [await migratedSchema(), newTenant()];
      const writers = [0, 1, 2].map(() => stores(poolOn(schema).postgres).counters);
      const batch = (which: number) =>
        ['2041-03-01T00:00:00.000Z', '2041-04-01T00:00:00.000Z'].map((accepted_at, at) =>
          counted(tenant, click(`m-${at}`, `u-${which}`), accepted_at),
        );
      const results = await Promise.all(
        writers.map((counters, which) => counters.apply(batch(which), signal)),
      );
      expect(results.map(({ counted }) => counted)).toEqual([2, 2, 2]);
    });

    test('a month that retention took away is made again', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      const { counters } = stores(poolOn(schema).postgres);
      await counters.apply([counted(tenant, click('m-1'), '2025-06-01T00:00:00.000Z')], signal);
      await by.query(`DROP TABLE ${schema}.identities_2025_06`);
      const late = await counters.apply([counted(tenant, click('m-2'), '2025-06-02T00:00:00.000Z')], signal);
      expect(late.counted).toBe(1);
    });

    test('a connection cut when all but the last row is written: counted once, by another connection', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      const { postgres, application_name, reports } = poolOn(schema);
      const { counters, profiles } = stores(postgres);
      await by.query(`BEGIN; LOCK TABLE ${schema}.imported IN EXCLUSIVE MODE`);
      const applying = counters.apply([counted(tenant, click('m'), MOMENT, true)], signal);
      const pids = await waitingForLock(by, application_name);
      await by.query('SELECT pg_terminate_backend($1)', pids);
      await vi.waitFor(async () => expect(await waitingForLock(by, application_name)).not.toEqual(pids));
      await by.query('ROLLBACK');
      expect(await applying).toEqual({ counted: 1, repeated: 0, conflicting: 0 });
      expect(reports.map(({ message }) => message)).toEqual(['a transaction is tried again']);
      const daily = await counters.daily(tenant, ...ALL_DAYS, signal);
      expect(daily.map(({ count }) => count)).toEqual([1]);
      expect((await profiles.read(tenant, 'u', signal)).engagements).toHaveLength(1);
    });

    test('a connection cut while the server commits: counted once, though nobody heard of it', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      const { proxy, url } = await throughProxy();
      const { postgres, application_name } = poolOn(schema, { url });
      const { counters } = stores(postgres);
      const KEY = randomInt(2 ** 47);
      await by.query(`
        CREATE FUNCTION ${schema}.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          PERFORM pg_advisory_xact_lock_shared(${KEY}); RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON ${schema}.daily
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${schema}.hold();
        SELECT pg_advisory_lock(${KEY})`);
      const applying = counters.apply([counted(tenant, click('m'))], signal);
      await waitingForLock(by, application_name);
      proxy.cut();
      // The second run waits for the person, whom the first, still committing, has locked.
      await waitingForLock(by, application_name, 2);
      await by.query('SELECT pg_advisory_unlock_all()');
      expect(await applying).toEqual({ counted: 0, repeated: 1, conflicting: 0 });
      const daily = await counters.daily(tenant, ...ALL_DAYS, signal);
      expect(daily.map(({ count }) => count)).toEqual([1]);
    });

    test('cut again and again it gives up with a coded error, and nothing is half written', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      const { postgres, application_name } = poolOn(schema);
      await by.query(`BEGIN; LOCK TABLE ${schema}.imported IN EXCLUSIVE MODE`);
      const batch = [counted(tenant, click('m'), MOMENT, true)];
      const applying = stores(postgres).counters.apply(batch, signal);
      let over = false;
      const ended = applying
        .catch((error: unknown) => error)
        .finally(() => {
          over = true;
        });
      while (!over) {
        for (const { pid, waits_for_lock } of await activity(by, application_name)) {
          if (waits_for_lock) await by.query('SELECT pg_terminate_backend($1)', [pid]);
        }
      }
      expect(await ended).toMatchObject({ code: 'postgres_unavailable', retryable: true });
      await by.query('ROLLBACK');
      expect(await everything(postgres)).toEqual([]);
      expect((await stores(postgres).counters.apply(batch, signal)).counted).toBe(1);
    });

    test('aborted in its last statement it writes nothing, and the server lets go of all locks', async () => {
      const [schema, tenant, by] = [await migratedSchema(), newTenant(), await bystander()];
      const { postgres, application_name } = poolOn(schema, { connections: 1 });
      const { counters } = stores(postgres);
      await by.query(`BEGIN; LOCK TABLE ${schema}.imported IN EXCLUSIVE MODE`);
      const controller = new AbortController();
      const batch = [counted(tenant, click('m'), MOMENT, true)];
      const applying = counters.apply(batch, controller.signal);
      const pids = await waitingForLock(by, application_name);
      controller.abort(new Error('enough'));
      await expect(applying).rejects.toThrow('enough');
      // The one connection there is comes back while the lock that it waited for is still held.
      expect(await everything(postgres)).toEqual([]);
      expect((await activity(by, application_name)).map(({ pid }) => pid)).toEqual(
        expect.arrayContaining(pids),
      );
      await by.query('ROLLBACK');
      expect((await counters.apply(batch, signal)).counted).toBe(1);
    });
  });
});
