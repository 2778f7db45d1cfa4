import { LRUCache } from 'lru-cache';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import { within } from '../pipeline/within.ts';
import { singleFlight } from '../single-flight.ts';
import { learn } from './learn.ts';
import { observe } from './observe.ts';
import type { Patterns } from './patterns.ts';
import type { Rehearsed } from './rehearsal/rehearse.ts';

/** Patterns as they are asked: campaigns by their slots, and slots by their campaigns. */
export type HeldPatterns = Patterns & { slots: ReadonlyMap<string, number> };

type Held = {
  patterns: HeldPatterns;
  /** When to learn anew. */
  due_ms: number;
  /** When it was rehearsed, and of how many engagements. */
  rehearsed: { at_ms: number; engagements: number };
};

/** Over all tenants; whose were asked for longest ago leave first. */
const BUDGET_BYTES = 256 * 2 ** 20;
/** What the past chooses changes slowly, and takes most of learning: it is chosen anew once there is so much more, or after a while. */
const [REHEARSE_GROWTH, REHEARSE_MS] = [1.1, 6 * 3600_000];
/** How long learning may take. */
const LEARN_MS = 10 * 60_000;
/** Questions wait so long for what a small tenant learns at once; after that they go without until it is there. */
const FIRST_MS = 25;
/** After a failure it is tried again so much later. */
const RETRY_MS = 10_000;
/** Who has few engagements yet learns anew after a shorter while. */
const [YOUNG_ENGAGEMENTS, YOUNG_SHARE] = [1000, 0.02];

function bytesOf({ campaigns, together, next, talk }: Patterns): number {
  const arrays = [together, next, talk ?? {}].flatMap((part) => Object.values(part) as unknown[]);
  const views = arrays.reduce<number>(
    (sum, array) => sum + (ArrayBuffer.isView(array) ? array.byteLength : 0),
    0,
  );
  return 1024 + views + campaigns.reduce((sum, id) => sum + 100 + 2 * id.length, 0);
}

const rehearsedOf = ({ weights, never_again }: Patterns): Rehearsed => ({ weights, never_again });

/** Whether what was rehearsed is of about as much as there is now, and not of long ago. */
function isRehearsed({ rehearsed: { at_ms, engagements } }: Held, now: number, now_ms: number): boolean {
  return now <= engagements * REHEARSE_GROWTH && now_ms < at_ms + REHEARSE_MS;
}

/**
 * The patterns of tenants, in memory within a budget. They are learnt when they are first asked for, and again behind
 * the answers once they are old; what cannot be learnt again stays as it was.
 */
export function openPatterns(options: {
  profiles: Profiles;
  vectors: Vectors;
  clock: Clock;
  /** How old patterns may grow before they are learnt anew (ms). */
  relearn_ms: number;
  budget_bytes?: number | undefined;
  /** Told of what failed behind the answers. */
  onError(error: unknown): void;
}) {
  const { profiles, vectors, clock, relearn_ms, budget_bytes = BUDGET_BYTES, onError } = options;
  const held = new LRUCache<string, Held>({
    maxSize: budget_bytes,
    sizeCalculation: ({ patterns }) => bytesOf(patterns),
  });
  const flight = singleFlight<Held>();
  const firstFlight = singleFlight<Held>();

  const relearn = (tenant_id: string, version: EmbeddingVersion) =>
    flight(composite(tenant_id, version.id, version.digest), async () => {
      const [begun_ms, signal] = [clock(), AbortSignal.timeout(LEARN_MS)];
      const key = composite(tenant_id, version.id, version.digest);
      const observed = await observe({ profiles, vectors, version }, tenant_id, signal);
      const before = held.get(key);
      const holds = before && isRehearsed(before, observed.items.length, begun_ms);
      const patterns = await learn(observed, holds ? rehearsedOf(before.patterns) : null, signal);
      const slots = new Map(patterns.campaigns.map((campaign_id, slot) => [campaign_id, slot]));
      const share = patterns.engagements < YOUNG_ENGAGEMENTS ? YOUNG_SHARE : 1;
      const fresh = {
        patterns: { ...patterns, slots },
        due_ms: begun_ms + relearn_ms * share,
        rehearsed: holds ? before.rehearsed : { at_ms: begun_ms, engagements: patterns.engagements },
      };
      held.set(key, fresh);
      return fresh;
    });

  /** Who is learnt for the first time, and waited for no more. */
  const pending = new Set<string>();

  /** Learns for the first time. Rejects soon where that takes long: it goes on behind the answers. */
  async function first(tenant_id: string, version: EmbeddingVersion): Promise<Held> {
    const key = composite(tenant_id, version.id, version.digest);
    if (pending.has(key)) throw new Error('What people do alike is being learnt');
    return firstFlight(key, async () => {
      const learning = relearn(tenant_id, version);
      try {
        return await within(FIRST_MS, null, () => learning);
      } catch (error) {
        pending.add(key);
        learning.catch(onError).finally(() => pending.delete(key));
        throw error;
      }
    });
  }

  return {
    /**
     * The patterns of a tenant's people, in the vectors of that version. Rejects where they were never learnt and
     * cannot be at once.
     */
    async get(tenant_id: string, version: EmbeddingVersion): Promise<HeldPatterns> {
      const known = held.get(composite(tenant_id, version.id, version.digest));
      if (!known) {
        return (await first(tenant_id, version)).patterns;
      }
      if (clock() >= known.due_ms) {
        known.due_ms = clock() + RETRY_MS;
        relearn(tenant_id, version).catch(onError);
      }
      return known.patterns;
    },
    /** Learns them anew, and resolves once they are held: to how many bytes, as the budget counts. */
    async relearn(tenant_id: string, version: EmbeddingVersion): Promise<number> {
      return bytesOf((await relearn(tenant_id, version)).patterns);
    },
  };
}
export type PatternsHeld = ReturnType<typeof openPatterns>;
