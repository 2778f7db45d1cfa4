import { createNoopMeter } from '@opentelemetry/api';
import type { Observed } from '#backing/telemetry/calls.ts';
import { groups, topics, viewTopics } from '#contract/topics.ts';
import { observedStores, type Written } from './observed-stores.ts';
import type { View } from './view.ts';

/** Counts, profiles and the catalogue; and which deletions there are, since that stands in the same database. */
export function countersView({
  meter = createNoopMeter(),
  traces,
  ...stores
}: Pick<Written, 'counters' | 'catalogue'> & {
  deletions?: Written['deletions'] | undefined;
} & Observed): View {
  const observed = observedStores({ meter, traces });
  const counters = observed.counters(stores.counters);
  const catalogue = observed.catalogue(stores.catalogue);
  const deletions = stores.deletions && observed.deletions(stores.deletions);
  const events = meter.createCounter('edgewise.counters.events', {
    description: 'Events that were counted, were known already, or were known with another content.',
  });
  return {
    group: groups.counters,
    topics: viewTopics,
    max_records: 1000,
    async forget(gone, signal) {
      await deletions?.register(gone, signal);
      await counters.forget(gone, signal);
    },
    async write(records, { signal }) {
      const { campaigns } = records;
      if (records.events.length > 0) {
        const counted = records.events.map(({ record, envelope }) => ({
          envelope,
          imported: record.topic === topics.imports,
        }));
        const applied = await counters.apply(counted, signal);
        for (const [outcome, many] of Object.entries(applied)) if (many > 0) events.add(many, { outcome });
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
