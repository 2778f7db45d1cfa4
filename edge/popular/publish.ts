import * as v from 'valibot';
import { Recommendations } from '#contract/recommendation.ts';
import { recommendationsQuery } from '../canonical-query.ts';
import { type Log, traceOf } from '../log.ts';
import type { Origin } from '../origin.ts';
import { traceparent } from '../traceparent.ts';
import type { Audience, PopularLists } from './lists.ts';

/** Of whom nothing is known, so that the origin answers with what is popular, by the placement's own rules. */
const NOBODY = 'edgewise:nobody';
const MOST_ITEMS = 100;
const DEADLINE_MS = 10_000;
const AT_ONCE = 4;

const Answer = v.pipe(v.string(), v.parseJson(), Recommendations);

/** Some lists could not be published; the log tells which. */
class NotPublished extends Error {
  readonly code = 'not_published';
  readonly retryable = true;
}

/**
 * Publishes every audience's list anew. What the origin could not make well leaves the list that is there.
 * Rejects with NotPublished where some failed, once all were tried.
 */
export async function publishPopular({
  audiences,
  origin,
  lists,
  log,
}: {
  audiences: readonly Audience[];
  origin: Origin;
  lists: PopularLists;
  log: Log;
}): Promise<void> {
  async function publish(audience: Audience): Promise<void> {
    const { tenant_id, placement, locale } = audience;
    const request = {
      user_id: NOBODY,
      placement,
      limit: MOST_ITEMS,
      locale,
      tags: [],
      exclude: [],
      context: null,
    };
    const reply = await origin({
      method: 'GET',
      path: `/v1/users/${NOBODY}/recommendations?${recommendationsQuery(request)}`,
      caller: { tenant_id, subject: null, scopes: ['recommendations:read'] },
      traceparent: traceparent(new Headers()),
      deadline_ms: DEADLINE_MS,
    });
    if (reply.kind === 'problem') throw new NotPublished(`The origin answered ${reply.status}`);
    const { items, degraded } = v.parse(Answer, reply.body);
    if (degraded.length > 0) throw new NotPublished('The origin could not make it whole');
    if (items.length > 0) await lists.publish(audience, items);
  }

  const left = [...audiences];
  let failed = 0;
  const worker = async () => {
    for (let audience = left.shift(); audience; audience = left.shift()) {
      try {
        await publish(audience);
      } catch (error) {
        failed++;
        log({ level: 'warn', event: 'popular_not_published', ...audience, ...traceOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failed > 0) throw new NotPublished(`${failed} of ${audiences.length} lists were not published`);
}
