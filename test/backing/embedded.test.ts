import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openStores, type Stores } from '#backing/embedded.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { campaignArb, eventArb } from '../support/arbitraries.ts';
import { collect } from '../support/dump.ts';
import { temporaryFolder } from '../support/folder.ts';

const { signal } = new AbortController();

async function dumps({ catalogue, counters, profiles, vectors, graph }: Stores) {
  const stores = { catalogue, counters, profiles, vectors, graph };
  return Object.fromEntries(
    await Promise.all(
      Object.entries(stores).map(async ([name, store]) => [name, await collect(store.dump())]),
    ),
  ) as Record<keyof typeof stores, string[]>;
}

describe('the embedded stores', () => {
  test('have after reopening what they had when they were closed', async () => {
    const folder = await temporaryFolder();
    const open = () => openStores({ path: (name) => join(folder, name), clock: Date.now });
    const { version } = hashingEmbedder;
    let offset = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(eventArb), fc.array(campaignArb), async (events, campaigns) => {
        const tenant_id = 'acme';
        const stores = open();
        const envelopes = events.map((event) => ({
          envelope: { v: ENVELOPE_VERSION, tenant_id, accepted_at: event.occurred_at, event } as const,
          imported: true,
        }));
        await stores.counters.apply(envelopes, signal);
        const messages = events.flatMap((event) => (event.type === 'message' ? [event] : []));
        const said = await hashingEmbedder.embed(
          messages.map(({ text }) => text),
          signal,
        );
        await stores.vectors.putMessages(
          version,
          messages.map((message, at) => ({
            tenant_id,
            ...message,
            lived_at: message.occurred_at,
            accepted_at: message.occurred_at,
            place: { topic: topics.imports, partition: 0, offset: offset++ },
            vector: said[at] as Float32Array,
          })),
          signal,
        );
        const offered = await hashingEmbedder.embed(
          campaigns.map(({ text }) => text),
          signal,
        );
        const entries = campaigns.map((campaign, at) => ({
          tenant_id,
          campaign_id: campaign.campaign_id,
          version: offset++,
          campaign,
          vector: offered[at] as Float32Array,
        }));
        await stores.catalogue.put(entries, signal);
        await stores.vectors.putCampaigns(version, entries, signal);

        await stores.graph.add(
          messages.map(({ user_id, message_id, occurred_at }) => {
            const day = occurred_at.slice(0, 10);
            const about = { tenant_id, user_id, day, lived_at: occurred_at, accepted_at: occurred_at };
            return { ...about, kind: 'wrote', message_id } as const;
          }),
          signal,
        );

        const before = await dumps(stores);
        stores.close();
        const again = open();
        expect(await dumps(again)).toEqual(before);
        again.close();
      }),
      { numRuns: 20 },
    );
  });
});
