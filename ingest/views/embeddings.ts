import { type Embedders, isFor } from '#backing/embedder/embedders.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import type { Observed } from '#backing/telemetry/calls.ts';
import type { MessageVector } from '#backing/vectors/port.ts';
import { livedAt } from '#contract/deletion.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { campaignVectors, saysNothing } from './campaign-vectors.ts';
import { observedStores, type Written } from './observed-stores.ts';
import type { Records } from './read-records.ts';
import type { Hand, View } from './view.ts';

type Ports = { embedder: Embedder; vectors: Written['vectors'] };

/**
 * The vectors of what people said, and of campaigns, of every embedder that is configured, and of those that tenants
 * had learnt for what is theirs: the usual one's first, so that those are there even while another one fails.
 */
export function embeddingsView({
  embedders,
  meter,
  traces,
  ...stores
}: { embedders: Embedders; vectors: Written['vectors'] } & Observed): View {
  const observed = observedStores({ meter, traces });
  const vectors = observed.vectors(stores.vectors);
  return {
    group: groups.embeddings,
    topics: viewTopics,
    max_records: 500,
    forget: (people, signal) => vectors.forget(people, signal),
    async write({ events, campaigns }, hand) {
      for (const one of embedders.all) {
        const embedder = observed.embedder(one);
        const own = <One extends { envelope: { tenant_id: string } }>(records: readonly One[]) =>
          records.filter(({ envelope }) => isFor(one, envelope.tenant_id));
        const [said, told] = [own(events), own(campaigns)];
        if (said.length > 0) await writeMessages(said, { embedder, vectors }, hand);
        if (told.length > 0) await writeCampaigns(told, { embedder, vectors }, hand);
      }
    },
  };
}

async function writeMessages(
  events: Records['events'],
  { embedder, vectors }: Ports,
  { signal, stillOurs }: Hand,
): Promise<void> {
  const messages = events.flatMap(({ record, envelope: { tenant_id, accepted_at, event } }) =>
    event.type === 'message' ? [{ record, tenant_id, accepted_at, event }] : [],
  );
  const embedded = await embedder.embed(
    messages.map(({ event }) => event.text),
    signal,
  );
  stillOurs();
  const rows = messages.flatMap(({ record, tenant_id, accepted_at, event }, at): MessageVector[] => {
    const vector = embedded[at];
    if (!vector || saysNothing(vector)) return [];
    const { user_id, message_id, occurred_at, campaign_id, locale } = event;
    const { topic, partition, offset } = record;
    return [
      {
        tenant_id,
        user_id,
        message_id,
        occurred_at,
        campaign_id,
        locale,
        lived_at: livedAt({ accepted_at, occurred_at }),
        accepted_at,
        place: { topic, partition, offset },
        vector,
      },
    ];
  });
  if (rows.length > 0) await vectors.putMessages(embedder.version, rows, signal);
}

async function writeCampaigns(
  campaigns: Records['campaigns'],
  { embedder, vectors }: Ports,
  { signal, stillOurs }: Hand,
): Promise<void> {
  const entries = campaigns.map(({ record, envelope: { tenant_id, campaign_id, campaign } }) => {
    return { tenant_id, campaign_id, version: record.offset, campaign };
  });
  const rows = await campaignVectors(entries, embedder, signal);
  stillOurs();
  await vectors.putCampaigns(embedder.version, rows, signal);
}
