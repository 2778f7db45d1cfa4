import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import { groups, topics } from '#contract/topics.ts';
import type { View } from './view.ts';

/** Counts, profiles and the catalogue. */
export function countersView({ counters, catalogue }: { counters: Counters; catalogue: Catalogue }): View {
  return {
    group: groups.counters,
    topics: [topics.events, topics.imports, topics.campaigns],
    max_records: 1000,
    async write({ events, campaigns }, { signal }) {
      if (events.length > 0) {
        const counted = events.map(({ record, envelope }) => ({
          envelope,
          imported: record.topic === topics.imports,
        }));
        await counters.apply(counted, signal);
      }
      if (campaigns.length > 0) {
        const entries = campaigns.map(({ record, envelope: { tenant_id, campaign_id, campaign } }) => {
          return { tenant_id, campaign_id, version: record.offset, campaign };
        });
        await catalogue.put(entries, signal);
      }
    },
  };
}
