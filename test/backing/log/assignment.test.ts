import fc from 'fast-check';
import { AssignerProtocol } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { assigned } from '#backing/log/assignment.ts';
import { rangeAssigner } from '#backing/log/kafka/assigner.ts';
import { topics } from '#contract/topics.ts';

type Member = { id: string; topics: ReadonlySet<string> };

const READ = [topics.events, topics.imports, topics.campaigns];

/** A group as it is between two joins or leaves: members with ids in no order, each with topics of its own. */
const groups = fc
  .record({
    members: fc.uniqueArray(
      fc.record({ id: fc.uuid(), read: fc.oneof(fc.constant(READ), fc.subarray(READ, { minLength: 1 })) }),
      { minLength: 1, maxLength: 12, selector: ({ id }) => id },
    ),
    partitions: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ members, partitions }) => ({
    partitions,
    members: members.map(({ id, read }): Member => ({ id, topics: new Set(read) })),
  }));
type Group = typeof groups extends fc.Arbitrary<infer One> ? One : never;

/** Who has each partition of a topic. */
type Owners = (group: Group, topic: string) => Promise<(string | null)[]>;

const partitionsOf = ({ partitions }: Group) => Array.from({ length: partitions }, (_, at) => at);

const embedded: Owners = async (group, topic) =>
  partitionsOf(group).map(
    (partition) => assigned(group.members, { topic, partition }, group.partitions)?.id ?? null,
  );

const kafka: Owners = async (group, topic) => {
  const assigner = rangeAssigner(group.partitions)({} as never);
  const shares = await assigner.assign({
    members: group.members.map(({ id, topics }) => ({
      memberId: id,
      memberMetadata: assigner.protocol({ topics: [...topics] }).metadata,
    })),
    topics: [...READ],
  });
  const owners: (string | null)[] = partitionsOf(group).map(() => null);
  for (const { memberId, memberAssignment } of shares) {
    const { assignment = {} } = AssignerProtocol.MemberAssignment.decode(memberAssignment) ?? {};
    for (const partition of assignment[topic] ?? []) {
      expect(owners[partition]).toBeNull();
      owners[partition] = memberId;
    }
  }
  return owners;
};

describe.each([
  ['the embedded log', embedded],
  ['Kafka', kafka],
])('how %s shares partitions out', (_name, owners) => {
  test('whatever the members read, each partition of a topic is one member’s, who reads it', async () => {
    const property = fc.asyncProperty(groups, fc.constantFrom(...READ), async (group, topic) => {
      const readers = group.members.filter((member) => member.topics.has(topic)).map(({ id }) => id);
      for (const owner of await owners(group, topic)) {
        if (readers.length === 0) expect(owner).toBeNull();
        else expect(readers).toContain(owner);
      }
    });
    await fc.assert(property);
  });

  test('partitions of one number of events and of imports are one member’s, whoever joins, leaves, or reads less', async () => {
    const both = ({ topics: read }: Member) => read.has(topics.events) && read.has(topics.imports);
    const property = fc.asyncProperty(
      groups.filter(({ members }) => members.some(both)),
      async (group) => {
        expect(await owners(group, topics.events)).toEqual(await owners(group, topics.imports));
      },
    );
    await fc.assert(property);
  });

  test('members that read the same have as many partitions, but for one', async () => {
    const property = fc.asyncProperty(groups, async ({ members, partitions }) => {
      const equal = { partitions, members: members.map(({ id }) => ({ id, topics: new Set(READ) })) };
      const counts = new Map(members.map(({ id }) => [id, 0]));
      for (const owner of await owners(equal, topics.events))
        counts.set(owner as string, (counts.get(owner as string) ?? 0) + 1);
      expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
    });
    await fc.assert(property);
  });
});
