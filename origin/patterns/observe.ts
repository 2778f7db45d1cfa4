import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Observed } from './observed.ts';
import { sampleOf } from './sample.ts';

/** Of more entries than this, those of people read later are left out: 20 MB. */
const MOST_ENTRIES = 5_000_000;
/** The map is learnt from a sample of so many messages. */
const MOST_MESSAGES = 40_000;
/** So many vectors are asked for in a call. */
const VECTORS_AT_ONCE = 2_000;

type Said = { user_id: string; message_id: string; speaker: number; about: number; said_ms: number };

/** Reads what a tenant's people did and said: one pass over their profiles, and the vectors of a sample of messages. */
export async function observe(
  { profiles, vectors, version }: { profiles: Profiles; vectors: Vectors; version: EmbeddingVersion },
  tenant_id: string,
  signal: AbortSignal,
): Promise<Observed> {
  const slots = new Map<string, number>();
  const slotOf = (campaign_id: string) => {
    const slot = slots.get(campaign_id) ?? slots.size;
    slots.set(campaign_id, slot);
    return slot;
  };
  const [starts, dated, items, times]: [number[], number[], number[], number[]] = [[0], [], [], []];
  const messages = sampleOf<Said>(MOST_MESSAGES);
  for await (const { user_id, profile } of profiles.all(tenant_id, signal)) {
    if (profile.engaged.size === 0 || items.length > MOST_ENTRIES) continue;
    const latest = new Set<string>();
    for (const { campaign_id, message_id, occurred_at, type } of profile.engagements) {
      const about = slotOf(campaign_id);
      latest.add(campaign_id);
      items.push(about);
      const said_ms = Date.parse(occurred_at);
      times.push(said_ms);
      if (type === 'message') messages.show({ user_id, message_id, speaker: dated.length, about, said_ms });
    }
    dated.push(profile.engagements.length);
    for (const campaign_id of profile.engaged.keys()) {
      if (latest.has(campaign_id)) continue;
      items.push(slotOf(campaign_id));
      times.push(0);
    }
    starts.push(items.length);
  }

  const { dimension } = version;
  const said = [...Map.groupBy(messages.kept, ({ user_id }) => user_id).values()].flat();
  const found = new Float32Array(said.length * dimension);
  const kept: Said[] = [];
  for (let at = 0; at < said.length; at += VECTORS_AT_ONCE) {
    const some = said.slice(at, at + VECTORS_AT_ONCE);
    const read = await vectors.messagesOfMany(version, tenant_id, some, signal);
    read.forEach((vector, i) => {
      if (!vector) return;
      found.set(vector, kept.length * dimension);
      kept.push(some[i] as Said);
    });
  }
  return {
    campaigns: [...slots.keys()],
    starts: Uint32Array.from(starts),
    dated: Uint32Array.from(dated),
    items: Uint32Array.from(items),
    times: Float64Array.from(times),
    dimension,
    vectors: found.slice(0, kept.length * dimension),
    speakers: Uint32Array.from(kept, ({ speaker }) => speaker),
    abouts: Uint32Array.from(kept, ({ about }) => about),
    said_ms: Float64Array.from(kept, ({ said_ms }) => said_ms),
  };
}
