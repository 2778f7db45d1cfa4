import { LRUCache } from 'lru-cache';
import type { HeldPatterns } from '../patterns/held.ts';
import type { Talk } from '../patterns/talk.ts';
import type { Found, Query } from '../pipeline/stages.ts';
import { fromSlots } from './from-slots.ts';

const BUDGET_BYTES = 32 * 2 ** 20;
/** About what a campaign takes in a map. */
const CAMPAIGN_BYTES = 40;

const nothing: Found = new Map();

/**
 * What a search of the map of talk finds for a person, held for as long as both what they say and the map are the
 * same: neither changes with the question.
 */
export function byTalk(search: (talk: Talk, vector: Float32Array) => Float64Array) {
  const held = new LRUCache<Float32Array, { patterns: HeldPatterns; found: Found }>({
    maxSize: BUDGET_BYTES,
    sizeCalculation: ({ found }) => CAMPAIGN_BYTES * (found.size + 5),
  });
  return ({ patterns, talk }: Query): Found => {
    if (!patterns?.talk || !talk) return nothing;
    const known = held.get(talk);
    if (known?.patterns === patterns) return known.found;
    const found = fromSlots(search(patterns.talk, talk), patterns.campaigns);
    held.set(talk, { patterns, found });
    return found;
  };
}
