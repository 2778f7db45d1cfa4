import { postgresCounters } from '#backing/counters/postgres.ts';
import { postgresProfiles } from '#backing/profiles/postgres.ts';
import { decodeProfile } from '#backing/profiles/stored.ts';
import { countedAt, TENANT } from '../support/events.ts';
import { bare, needs, ours, type PostgresPlace, preparedSchema } from '../support/postgres.ts';
import { calling, type StoreBench } from '../support/store-bench.ts';

const { signal } = new AbortController();
const [EVENTS, BATCH] = [200_000, 5_000];
const userAt = (at: number) => `user-${at % 1000}`;

export const store: StoreBench<PostgresPlace> = {
  name: 'profiles on PostgreSQL',
  needs,
  operations: [{ name: 'read', holds: 'a profile after 200 events', items: 1, clients: 8 }],
  prepare: () =>
    preparedSchema(async (postgres) => {
      const counters = postgresCounters(postgres);
      for (let from = 0; from < EVENTS; from += BATCH) {
        const batch = Array.from({ length: BATCH }, (_, i) => countedAt(from + i));
        await counters.apply(batch, signal);
      }
    }),

  adapter: async (place) =>
    ours(place, (postgres) => {
      const profiles = postgresProfiles(postgres);
      return { read: calling((at) => profiles.read(TENANT, userAt(at), signal)) };
    }),

  raw: async (place) =>
    bare(place, (pool) => {
      const text = 'SELECT profile FROM profiles WHERE tenant_id = $1 AND user_id = $2';
      return {
        read: calling(async (at) => {
          const { rows } = await pool.query({ name: 'read', text, values: [TENANT, userAt(at)] });
          decodeProfile(rows[0].profile);
        }),
      };
    }),
};
