import { hash } from 'node:crypto';
import { cellsOf } from './cells.ts';
import { coEngagement } from './co-engagement.ts';
import type { Neighbours } from './neighbours.ts';
import type { Observed } from './observed.ts';
import { type Rehearsed, rehearse } from './rehearsal/rehearse.ts';
import { type Talk, talkOf } from './talk.ts';
import { transitions } from './transitions.ts';

/** What was learnt of what a tenant's people do alike. Arrays alone, so that a worker can hand it over. */
export type Patterns = Rehearsed & {
  /** Equal patterns have equal versions. */
  version: string;
  campaigns: readonly string[];
  /** Which campaigns go together. */
  together: Neighbours;
  /** Which comes after which. */
  next: Neighbours;
  /** Null where too little was said. */
  talk: Talk | null;
  /** From how many people, and from how many of their engagements. */
  people: number;
  engagements: number;
};

/**
 * Learns the patterns. The same observations give the same. Takes seconds where there are many campaigns, and most of them
 * for the rehearsal; what is handed in stands for one.
 */
export function patternsOf(observed: Observed, rehearsed?: Rehearsed | null): Patterns {
  const cells = cellsOf(observed);
  const talk = cells && talkOf(observed, cells);
  const learnt = { together: coEngagement(observed), next: transitions(observed), talk };
  const { campaigns, dated, items } = observed;
  const arrays = [learnt.together, learnt.next, learnt.talk ?? {}].flatMap((part) => Object.values(part));
  const digests = arrays.map((array) =>
    ArrayBuffer.isView(array) ? hash('sha256', array as Uint8Array, 'hex') : String(array),
  );
  const version = hash('sha256', JSON.stringify([campaigns, digests]), 'hex').slice(0, 12);
  return {
    version,
    campaigns,
    ...learnt,
    ...(rehearsed ?? rehearse(observed, cells)),
    people: dated.length,
    engagements: items.length,
  };
}
