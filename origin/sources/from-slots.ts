import type { Found, Query } from '../pipeline/stages.ts';

/** Campaigns by their slots, those above zero. */
export function fromSlots(values: Float64Array, campaigns: readonly string[]): Found {
  const found = new Map<string, number>();
  for (let slot = 0; slot < values.length; slot++) {
    const value = values[slot] as number;
    if (value > 0) found.set(campaigns[slot] as string, value);
  }
  return found;
}

/** The slots of what a person engaged with, each once, the latest first, as many as are asked for. */
export function latestSlots({ profile, patterns }: Query, most: number): number[] {
  const slots = new Set<number>();
  for (const { campaign_id } of profile.engagements) {
    const slot = patterns?.slots.get(campaign_id);
    if (slot !== undefined) slots.add(slot);
    if (slots.size === most) break;
  }
  return [...slots];
}
