import type { Answers } from '#backing/answers/port.ts';
import { errorFields, type Report } from '#backing/http/report.ts';
import { orAborted } from '#backing/or-aborted.ts';
import type { Asked } from './dependencies/guarded.ts';

/** How long it may take: who is not there by then is not waited for. */
const WARM_MS = 3_000;
/** So many questions side by side make a pool open as many connections. */
const AT_ONCE = 4;
/** A tenant of whom there is nothing: no tenant's name is that long. */
const NOBODY = '-'.repeat(64);

/**
 * Asks each store a few questions at once, so that the first person's does not wait for connections, plans and
 * collections. Nothing is needed of them: what fails is reported, and the origin starts without it.
 */
export async function warmUp(
  stores: Asked & { answers: Pick<Answers, 'read'> },
  { report }: { report: Report },
): Promise<void> {
  const { catalogue, versions, placements, profiles, vectors, graph, embedders, answers } = stores;
  const signal = AbortSignal.timeout(WARM_MS);
  const day = '2000-01-01';
  const asks: Record<string, () => Promise<unknown>> = {
    catalogue: () => catalogue.all(NOBODY, signal),
    versions: () => versions.current(NOBODY, signal),
    placements: () => placements.of(NOBODY, { serving: true }, signal),
    profiles: () => profiles.read(NOBODY, NOBODY, signal),
    vectors: () => vectors.campaign(embedders.usual, NOBODY, NOBODY, signal),
    graph: () => graph.neighbours({ tenant_id: NOBODY, user_id: NOBODY, from_day: day, to_day: day }, signal),
    answers: () => answers.read(NOBODY, null, signal),
  };
  await Promise.all(
    Object.entries(asks).map(async ([dependency, ask]) => {
      try {
        await Promise.all(Array.from({ length: AT_ONCE }, () => orAborted(ask(), signal)));
      } catch (error) {
        const message = 'a dependency could not be warmed up';
        report({ level: 'warn', message, dependency, error: errorFields(error) });
      }
    }),
  );
}
