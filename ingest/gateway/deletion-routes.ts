import { randomUUID } from 'node:crypto';
import type { Handler } from 'hono';
import * as v from 'valibot';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import { BOOKMARK_HEADER, bookmarkOf, encodeBookmark } from '#contract/bookmark.ts';
import type { Clock } from '#contract/clock.ts';
import type { DeletionAccepted } from '#contract/deletion.ts';
import { deletionRecord } from '#contract/envelope.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { topics } from '#contract/topics.ts';
import { redactedRecord } from '../dead-letters/letter.ts';
import { append } from './accept.ts';
import { requireScope } from './access.ts';

const InPath = v.object({ user_id: Id });

/**
 * Writes that a person is to be forgotten, whether anything is known of them or not; 202 once the log has it. Asked
 * again they are forgotten again, as of then: so whoever got no answer may simply ask once more.
 */
export function forgetPerson({
  log,
  clock,
}: {
  log: Log;
  clock: Clock;
}): Handler<SignedEnv, '/v1/users/:id'> {
  return async (c) => {
    const { caller, signal } = c.var;
    requireScope(caller, 'users:delete');
    const { user_id } = parse(InPath, { user_id: c.req.param('id') });
    if (caller.subject !== null && caller.subject !== user_id)
      throw new Problem('not-found', 'There is no such person');
    const { tenant_id } = caller;
    const accepted_at = new Date(clock()).toISOString();
    const deletion_id = randomUUID();
    const record = deletionRecord({ tenant_id, accepted_at, deletion: { deletion_id, user_id } });
    // First what is told of their dead letters: once the deletion is on the log, nothing is left to do here.
    const redacted = redactedRecord({ key: record.key, forgotten_at: accepted_at });
    await append([redacted], { log, topic: topics.deadLetters, signal });
    const places = await append([record], { log, topic: topics.events, signal });
    const answer: DeletionAccepted = { deletion_id, forgotten_at: accepted_at };
    return Response.json(answer, {
      status: 202,
      headers: { [BOOKMARK_HEADER]: encodeBookmark(bookmarkOf(places)), 'Cache-Control': 'no-store' },
    });
  };
}
