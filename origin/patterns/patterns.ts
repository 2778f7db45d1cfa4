import { hash } from 'node:crypto';
import type { Weights } from '../rank/choose-weights.ts';
import { coEngagement } from './co-engagement.ts';
import type { Neighbours } from './neighbours.ts';
import type { Observed } from './observed.ts';
import { rehearse } from './rehearse.ts';
import { type Talk, talkOf } from './talk.ts';
import { transitions } from './transitions.ts';

/** What was learnt of what a tenant's people do alike. Arrays alone, so that a worker can hand it over. */
export type Patterns = {
  /** Equal patterns have equal versions. */
  version: string;
  campaigns: readonly string[];
  /** Which campaigns go together. */
  together: Neighbours;
  /** Which comes after which. */
  next: Neighbours;
  /** Null where too little was said. */
  talk: Talk | null;
  /** Of placements whose shipped weights the tenant's own past shows worse than these. */
  weights: Readonly<Record<string, Weights>>;
  /** From how many people, and from how many of their engagements. */
  people: number;
  engagements: number;
};

/** Learns the patterns. The same observations give the same. Takes seconds where there are many campaigns. */
export function patternsOf(observed: Observed): Patterns {
  const learnt = { together: coEngagement(observed), next: transitions(observed), talk: talkOf(observed) };
  const { campaigns, dated, items } = observed;
  const arrays = [learnt.together, learnt.next, learnt.talk ?? {}].flatMap((part) => Object.values(part));
  const digests = arrays.map((array) =>
    ArrayBuffer.isView(array) ? hash('sha256', array as Uint8Array, 'hex') : String(array),
  );
  const version = hash('sha256', JSON.stringify([campaigns, digests]), 'hex').slice(0, 12);
  const weights = learnt.talk ? {} : rehearse(observed);
  return { version, campaigns, ...learnt, weights, people: dated.length, engagements: items.length };
}
