import type { Admin } from '../admin.ts';
import type { CampaignWrites } from '../gateway.ts';
import { withCommon } from '../respond.ts';
import type { Asked, Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

/**
 * What is done with a person as a whole: forgotten by the gateway, and never by way of the queue, since nobody could
 * tell them when; told by the origin what is kept, and how far they are forgotten.
 */
export function personHandlers(write: CampaignWrites, ask: Admin) {
  const about = ({ caller, traceparent }: Asked) => ({ caller, traceparent });
  const asking =
    (pathOf: (id: string) => string): Handler =>
    async (asked) => {
      refuseQuery(asked.query);
      const path = pathOf(encodeURIComponent(asked.id));
      return withCommon(await ask({ ...about(asked), method: 'GET', path }));
    };

  const forget_person: Handler = async (asked) => {
    refuseQuery(asked.query);
    const path = `/v1/users/${encodeURIComponent(asked.id)}`;
    return withCommon(await write({ ...about(asked), method: 'DELETE', path, content: null }));
  };
  return {
    forget_person,
    deletion: asking((id) => `/v1/deletions/${id}`),
    export_person: asking((id) => `/v1/users/${id}/export`),
  };
}
