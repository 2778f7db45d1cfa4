/** A partition of a topic. */
export type Partition = { topic: string; partition: number };

/**
 * Which member gets a partition, null where none reads its topic: by ranges, as Kafka's RangeAssignor does it
 * per topic, so that members of equal topics get equal partitions of each, and with them the same keys.
 * `members` stand in the order in which they joined.
 */
export function assigned<M extends { topics: ReadonlySet<string> }>(
  members: readonly M[],
  { topic, partition }: Partition,
  partitions: number,
): M | null {
  const readers = members.filter((member) => member.topics.has(topic));
  const [each, more] = [Math.floor(partitions / readers.length), partitions % readers.length];
  const longer = more * (each + 1);
  const at =
    partition < longer ? Math.floor(partition / (each + 1)) : more + Math.floor((partition - longer) / each);
  return readers[at] ?? null;
}
