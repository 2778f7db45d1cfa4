import { LRUCache } from 'lru-cache';
import type { Answer } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import { type Epochs, raised, sameEpochs } from '#contract/epoch.ts';
import { composite } from '#contract/ids.ts';
import type { Answers, EpochOwner } from './port.ts';

const ENTRY_BYTES = 256;

/**
 * Answers and epochs in memory, both bounded. An epoch that is not held (never raised, let go, or lost with
 * the process) reads as a floor that no answer made before it can carry: letting go costs a miss, never a
 * stale answer.
 */
export function embeddedAnswers({
  clock,
  max_bytes = 64 * 1024 * 1024,
  max_epochs = 1_000_000,
}: {
  clock: Clock;
  max_bytes?: number;
  max_epochs?: number;
}): Answers {
  let floor = clock();
  const epochs = new LRUCache<string, number>({
    // By size, since by count it would take the room for all of them at once.
    maxSize: max_epochs,
    sizeCalculation: () => 1,
    disposeAfter: (value, _key, reason) => {
      if (reason === 'evict') floor = Math.max(floor, value + 1);
    },
  });
  const answers = new LRUCache<string, Answer>({
    maxSize: max_bytes,
    sizeCalculation: ({ body }, key) => 2 * (body.length + key.length) + ENTRY_BYTES,
  });
  const epochKey = (tenant_id: string, user_id: string | null) => composite(tenant_id, user_id);
  const epochsOf = ({ tenant_id, user_id }: EpochOwner): Epochs => ({
    user: user_id === null ? 0 : (epochs.get(epochKey(tenant_id, user_id)) ?? floor),
    tenant: epochs.get(epochKey(tenant_id, null)) ?? floor,
  });
  const live = (key: string): Answer | null => {
    const answer = answers.get(key);
    return answer && answer.until_ms > clock() ? answer : null;
  };
  return {
    async read(tenant_id, user_id, signal) {
      signal.throwIfAborted();
      return epochsOf({ tenant_id, user_id });
    },
    async get(owner, key, signal) {
      signal.throwIfAborted();
      return { epochs: epochsOf(owner), answer: live(key) };
    },
    async put(owner, key, answer, signal) {
      signal.throwIfAborted();
      const kept = live(key);
      if (answer.degraded.length && kept && !kept.degraded.length && sameEpochs(kept.epochs, epochsOf(owner)))
        return;
      answers.set(key, answer);
    },
    async raise(owners, signal) {
      signal.throwIfAborted();
      for (const { tenant_id, user_id } of owners) {
        const key = epochKey(tenant_id, user_id);
        epochs.set(key, raised(epochs.get(key) ?? floor, clock()));
      }
    },
  };
}
