import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import { assigned } from '../assignment.ts';

const NAME = 'edgewise-range';
const VERSION = 0;

type Member = { id: string; topics: ReadonlySet<string> };

/**
 * Gives members of equal topics equal partitions of each, by ranges as the embedded log does, and no member a
 * topic it did not ask for: kafkajs's own assigner does neither.
 */
export const rangeAssigner =
  (partitions: number): PartitionAssigner =>
  () => ({
    name: NAME,
    version: VERSION,

    async assign({ members }) {
      const known = members.map(({ memberId, memberMetadata }): Member => {
        const { topics = [] } = AssignerProtocol.MemberMetadata.decode(memberMetadata) ?? {};
        return { id: memberId, topics: new Set(topics) };
      });
      known.sort((a, b) => (a.id < b.id ? -1 : 1));
      return known.map((member) => ({
        memberId: member.id,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: shareOf(member, known, partitions),
          userData: Buffer.alloc(0),
        }),
      }));
    },

    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.alloc(0),
      }),
    }),
  });

function shareOf(member: Member, members: readonly Member[], partitions: number): Record<string, number[]> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return Object.fromEntries(
    [...member.topics].map((topic) => [
      topic,
      all.filter((partition) => assigned(members, { topic, partition }, partitions) === member),
    ]),
  );
}
