import type { Neo4j } from '../neo4j/open.ts';
import type { Edge, OldEdges, RemovedEdges } from './port.ts';

/** How many edges leave in a transaction. */
const SOME = 1_000;

/** What answers goes before what is answered, which stays for as long as it is. */
const KINDS = { answered: 'message', engaged: 'campaign', replied: 'other', wrote: 'message' } as const;

/** Removes old edges: found in one pass, and taken away some a transaction, each by its key if it is still old. */
export async function removeOldEdges(
  neo4j: Neo4j,
  cypher: (name: string) => string,
  { day, accepted_before, dry_run }: OldEdges,
  signal: AbortSignal,
): Promise<RemovedEdges> {
  signal.throwIfAborted();
  const [find, remove] = [cypher('old-edges'), cypher('remove-old-edges')];
  const removed: RemovedEdges = { answered: 0, engaged: 0, replied: 0, wrote: 0 };
  for (const [kind, of] of Object.entries(KINDS) as [Edge['kind'], string][]) {
    const about = (text: string) => text.replaceAll('KIND', kind.toUpperCase()).replaceAll('OF', of);
    const asked = { day, accepted_before, unanswered: kind === 'wrote' };
    let rows: object[] = [];
    const leave = async () => {
      signal.throwIfAborted();
      removed[kind] += rows.length;
      if (!dry_run && rows.length > 0)
        await neo4j.write([{ text: about(remove), parameters: { batch: { rows }, asked } }], signal);
      rows = [];
    };
    for await (const row of neo4j.stream<object>({ text: about(find), parameters: { asked } })) {
      rows.push(row);
      if (rows.length === SOME) await leave();
    }
    await leave();
  }
  return removed;
}
