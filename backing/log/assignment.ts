import { topics } from '#contract/topics.ts';

/** A partition of a topic. */
export type Partition = { topic: string; partition: number };

type Reader = { topics: ReadonlySet<string> };

/** An identity may stand in both, in partitions of one number: who writes it without a lock must have both. */
const TOGETHER: readonly string[] = [topics.events, topics.imports];

/**
 * Who shares a topic out. Of `events` and `events.import` only members that read both, if any does: otherwise, while
 * members with more and with fewer topics meet in a group, two could write one identity at once.
 */
function readersOf<M extends Reader>(members: readonly M[], topic: string): M[] {
  const wanted = TOGETHER.includes(topic)
    ? TOGETHER.filter((one) => members.some((member) => member.topics.has(one)))
    : [topic];
  const readers = members.filter((member) => member.topics.has(topic));
  const all = readers.filter((member) => wanted.every((one) => member.topics.has(one)));
  return all.length > 0 ? all : readers;
}

/**
 * Which member gets a partition, null where none reads its topic: by ranges, as Kafka's RangeAssignor does it
 * per topic, so that members of equal topics get equal partitions of each, and with them the same keys.
 * `members` stand in the order in which they joined.
 */
export function assigned<M extends Reader>(
  members: readonly M[],
  { topic, partition }: Partition,
  partitions: number,
): M | null {
  const readers = readersOf(members, topic);
  const [each, more] = [Math.floor(partitions / readers.length), partitions % readers.length];
  const longer = more * (each + 1);
  const at =
    partition < longer ? Math.floor(partition / (each + 1)) : more + Math.floor((partition - longer) / each);
  return readers[at] ?? null;
}
