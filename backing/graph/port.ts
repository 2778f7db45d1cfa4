import type { Forgotten } from '#contract/deletion.ts';

/**
 * A member of one of the graph's sets; only the day (UTC, `2026-11-01`) of what happened is kept. A person engaged
 * with a campaign; replied to a person; replied to a message whose author was not told; or wrote a message.
 */
export type Edge = {
  tenant_id: string;
  user_id: string;
  day: string;
  /** As `livedAt` gives it: of events that make the same edge, the latest decides whether it outlives a forgetting. */
  lived_at: string;
  /** When it was accepted; of events that make the same edge, the latest decides how long it stays at least. */
  accepted_at: string;
} & (
  | { kind: 'engaged'; campaign_id: string }
  | { kind: 'replied'; other_id: string }
  | { kind: 'answered'; message_id: string }
  | { kind: 'wrote'; message_id: string }
);

/** Which edges are old: those of before a day that were accepted before a moment. */
export type OldEdges = { day: string; accepted_before: string; dry_run: boolean };
export type RemovedEdges = Record<Edge['kind'], number>;

/** An edge as its person sees it. */
export type OwnEdge = { kind: Edge['kind']; day: string; of: string };

/** The id of what an edge leads to. */
export function leadsTo(edge: Edge): string {
  if (edge.kind === 'engaged') return edge.campaign_id;
  return edge.kind === 'replied' ? edge.other_id : edge.message_id;
}

/** Whose neighbours are asked for, and from which day to which, both included. */
export type NeighboursQuery = { tenant_id: string; user_id: string; from_day: string; to_day: string };

/** Campaigns with how strong the paths to them are, strongest first, ties by id. */
export type Strengths = { campaign_id: string; strength: number }[];

export type Neighbours = {
  /** What the people engage with whom this person replies to: days of replying times days of engagement, summed. */
  replied: Strengths;
  /**
   * What those engage with who engage with what this person does: campaigns in common times days of engagement,
   * summed. No path leads back to the campaign it came through.
   */
  together: Strengths;
};

/**
 * How many edges each hop of a question takes: the newest, and of equal days those with the greater id. So no hop
 * grows with how popular a campaign is, or how busy a person.
 */
export const BOUNDS = {
  /** Replies of the person: to people, and as many to messages. */
  replies: 128,
  /** People, by the newest day that leads to them; as many by replies as by campaigns. */
  people: 32,
  /** Engagements of the person. */
  own: 16,
  /** Engagements with each of those campaigns, by others. */
  fellows: 32,
  /** Engagements of each of the people. */
  engagements: 32,
} as const;

/**
 * Who engaged with what, and who replied to whom, by days. All of it are sets, so neither the order of what is added
 * nor its repetition matters.
 *
 * A reply that tells no person is joined with the message's author when it is read, so it does not matter which
 * of the two messages came first. Message ids are unique only per person: where several people have used one, nobody
 * can tell whose was meant, and the reply counts for none of them. Nor does a reply to oneself count.
 */
export interface Graph {
  /** Adds edges, all or none. Of a message that is written again the later day is kept. */
  add(edges: readonly Edge[], signal: AbortSignal): Promise<void>;
  /**
   * Forgets people, and remembers since when: their edges, those of others that lead to them or answer a message of
   * theirs, and what is left without any edge, but for what lived after that moment, now or in any later `add`. A
   * message id that others have used as well goes with theirs: nobody could tell whose was answered.
   */
  forget(people: readonly Forgotten[], signal: AbortSignal): Promise<void>;
  /** The campaigns next to a person, through people; bounded at each hop. */
  neighbours(query: NeighboursQuery, signal: AbortSignal): Promise<Neighbours>;
  /** Edges of a person, by kind, day and what they lead to; the first of them, where there are more than `most`. */
  edgesOf(
    person: { tenant_id: string; user_id: string },
    most: number,
    signal: AbortSignal,
  ): Promise<OwnEdge[]>;
  /**
   * Removes edges of before a day that were accepted before a moment too, some a transaction, and tells how many of
   * each kind; with `dry_run` it only tells. A message that an edge still answers stays with its author: forgetting
   * them has to find it.
   */
  removeBefore(old: OldEdges, signal: AbortSignal): Promise<RemovedEdges>;
  dump(): AsyncIterable<string>;
}
